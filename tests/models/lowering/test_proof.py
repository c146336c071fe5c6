from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from carafe.errors import CarafeError, FieldProblem, InvalidInput, MissingExtra, PredictionFailed
from carafe.models.features import Features
from carafe.models.lowering.edges import border_rows, edge_rows
from carafe.models.lowering.proof import Proof, Truth, establish, first_features, prove
from carafe.schema import Column, Kind, Prediction, Rows, Signature, Target, Task
from carafe.schema.rows import encode_records

NUMBERS = Signature(
    columns=(
        Column(name="size", kind=Kind.NUMBER, nullable=True, minimum=0.0, maximum=99.0),
        Column(name="city", kind=Kind.CATEGORY, categories=("Bern", "Rome")),
    ),
    target=Target(name="y", task=Task.REGRESSION),
)
CLASSES = msgspec.structs.replace(
    NUMBERS, target=Target(name="y", task=Task.CLASSIFICATION, classes=("no", "yes", "maybe"))
)
ROWS = encode_records(NUMBERS, [[n * 0.25, "Bern" if n % 3 else "Rome"] for n in range(400)])


@dataclass(frozen=True, kw_only=True)
class Formula:
    """A model of formulas, each of which a test may replace to make a candidate that is wrong in one thing."""

    signature: Signature = NUMBERS
    price: Callable[[NDArray[np.float64], NDArray[np.bool_]], NDArray[np.float64]] = lambda size, bern: (
        np.minimum(np.where(np.isnan(size), 7.0, size), 1e6) * 2.0 + 10.0 * bern
    )
    alone: float = 0.0
    """Added to the answer where one record is asked about."""
    unasked: float = 0.0
    """Added where no probabilities are asked for."""
    refuses: Callable[[Rows], CarafeError | None] = lambda _rows: None
    features: float = 0.0

    def predict(self, rows: Rows, *, probabilities: bool = False) -> Prediction:
        error = self.refuses(rows)
        if error is not None:
            raise error
        answers = self.price(rows.columns[0], rows.columns[1] == "Bern")
        answers = answers + (self.alone if rows.records is not None and rows.count == 1 else 0.0)
        answers = answers + (0.0 if probabilities else self.unasked)
        if not self.signature.target.classes:
            return Prediction(values=answers)
        chance = 1 / (1 + np.exp(-answers / 100))
        chances = np.column_stack([1 - chance, chance * 0.75, chance * 0.25])
        return Prediction(values=chances.argmax(axis=1), probabilities=chances if probabilities else None)

    def transform(self, rows: Rows) -> Features:
        matrix = np.column_stack([rows.columns[0], rows.columns[1] == "Bern"]).astype(np.float64)
        return Features(names=("size", "bern"), matrix=matrix + np.array([0.0, self.features]))


@dataclass(frozen=True, kw_only=True)
class Shares(Formula):
    """A model of any number of classes, each of which is as likely, the probabilities ``off`` by a little."""

    off: float = 0.0

    def predict(self, rows: Rows, *, probabilities: bool = False) -> Prediction:
        count = len(self.signature.target.classes)
        shares = np.full((rows.count, count), 1 / count) * (1 + self.off)
        return Prediction(values=np.zeros(rows.count, dtype=np.intp), probabilities=shares if probabilities else None)


def truth_of(native: Formula) -> Truth:
    edges = edge_rows(native.signature, ROWS)
    chances = bool(native.signature.target.classes)
    borders = border_rows(native.signature, ROWS, {0: [25.3, 50.0]})
    return establish(native, ROWS, edges, borders, features=first_features(native, ROWS), probabilities=chances)


def proved(candidate: Formula, native: Formula | None = None, tolerance: float = 1e-9) -> Proof:
    return prove(candidate, truth_of(native or Formula()), tolerance=tolerance)


def test_a_model_that_answers_alike_is_proved_on_every_row() -> None:
    for signature in (NUMBERS, CLASSES):
        native = Formula(signature=signature)
        truth = truth_of(native)
        assert prove(native, truth, tolerance=1e-9) == Proof(rows=410 + truth.edges.rows.count, difference=0.0)
        assert truth.edges.rows.count > 60


def test_the_largest_difference_is_told_relative_to_the_answers() -> None:
    close = Formula(price=lambda size, bern: Formula().price(size, bern) * (1 + 3e-11))
    found = proved(close)
    assert found.failure is None
    assert found.difference == pytest.approx(3e-11, rel=1e-3)


def test_the_largest_difference_of_probabilities_is_told_however_many_classes_there_are() -> None:
    for count in (2, 3, 8, 16):
        signature = msgspec.structs.replace(
            CLASSES, target=msgspec.structs.replace(CLASSES.target, classes=tuple(map(str, range(count))))
        )
        found = proved(Shares(signature=signature, off=1e-11), Shares(signature=signature))
        assert found.failure is None
        assert found.difference == pytest.approx(1e-11, rel=1e-3)


def test_an_answer_near_zero_may_be_off_by_the_last_digits_of_the_others() -> None:
    native = Formula(price=lambda size, _bern: np.nan_to_num(size) - 50.0)
    off = Formula(price=lambda size, _bern: np.nan_to_num(size) - 50.0 + 1e-13)
    assert proved(off, native).failure is None


def test_one_huge_answer_lends_the_others_no_leeway() -> None:
    def outlying(factor: float) -> Formula:
        return Formula(
            price=lambda size, _bern: np.where(size == 99.75, 1e9, 1.0 + 1e-4 * np.nan_to_num(size) * factor)
        )

    assert proved(outlying(1.0), outlying(1.0)).failure is None
    assert re.match(r"row 1 of those given, in bulk: answers 1\.0", proved(outlying(1.01), outlying(1.0)).failure or "")


@pytest.mark.parametrize(
    ("price", "words"),
    [
        (lambda size, bern: np.where(np.isnan(size), 7, size) * 2 + 10.001 * bern, r"row 1 of those given, in bulk: "),
        (
            lambda size, bern: Formula().price(size, bern) + (size == 33.25),
            r"row 133 of those given, in bulk: answers 77\.5, the native model answers 76\.5",
        ),
        (
            lambda size, bern: Formula().price(np.where(np.isnan(size), 7.5, size), bern),
            r"edge row \d+ \(size = null\), in bulk: answers 15\.0, the native model answers 14\.0",
        ),
        (
            lambda size, bern: np.where(np.isnan(size), 7, size) * 2 + 10 * bern,
            r"edge row \d+ \(size = 16777217\.0\), in bulk: answers 33\d+\.0, the native model answers 2000000\.0",
        ),
        (lambda size, bern: Formula().price(size, bern) * np.nan, "row 0 .*: refuses it .prediction-failed., the nat"),
    ],
)
def test_a_wrong_number_is_found_and_the_first_row_that_differs_is_named(
    price: Callable[[NDArray[np.float64], NDArray[np.bool_]], NDArray[np.float64]], words: str
) -> None:
    assert re.match(words, proved(Formula(price=price)).failure or "")


def test_a_wrong_record_path_is_found_though_the_bulk_path_is_right() -> None:
    assert re.match(r"edge row 0 \(size = null\), one record alone: answers", proved(Formula(alone=0.5)).failure or "")


def test_asked_without_probabilities_a_model_must_name_the_same_class() -> None:
    native = Formula(signature=CLASSES)
    found = proved(Formula(signature=CLASSES, unasked=-2000.0), native)
    assert re.match(
        r'row 38 of those given, in bulk: answers "no", the native model answers "yes"', found.failure or ""
    )


def test_classes_and_probabilities_are_both_compared() -> None:
    native = Formula(signature=CLASSES)

    def slightly(size: NDArray[np.float64], bern: NDArray[np.bool_]) -> NDArray[np.float64]:
        return native.price(size, bern) + 0.001

    found = proved(Formula(signature=CLASSES, price=slightly), native)
    assert re.match(r'row 0 .*answers "no" with probabilities 0\.\d+, 0\.\d+, 0\.\d+, the native', found.failure or "")
    assert proved(Formula(signature=CLASSES, price=slightly), native, tolerance=1e-3).failure is None


def failed(size: float, error: CarafeError) -> Callable[[Rows], CarafeError | None]:
    """Return a rule that refuses every size above a number."""
    return lambda rows: error if (rows.columns[0] > size).any() else None


def test_what_the_native_model_refuses_the_candidate_must_refuse_with_the_same_error() -> None:
    invalid = InvalidInput([FieldProblem(row=0, field="size", got="1e300", expected="less")])
    native = Formula(refuses=failed(1e30, PredictionFailed("too large")))
    assert proved(Formula(refuses=failed(1e30, PredictionFailed("other words"))), native).failure is None
    for refuses, words in (
        (
            lambda _rows: None,
            r"edge row \d+ .size = 3\.4028234e\+38., in bulk: answers .*, the native model refuses it",
        ),
        (failed(1e30, invalid), r"edge row \d+ .*: refuses it .invalid-input., the native model refuses it .predict"),
        (failed(1e15, PredictionFailed("")), r"edge row \d+ .*: refuses it .prediction-failed., the native model answ"),
        (failed(50.0, PredictionFailed("")), r"row 201 of those given, in bulk: refuses it .prediction-failed., the"),
    ):
        assert re.match(words, proved(Formula(refuses=refuses), native).failure or "")


def test_beyond_single_precision_one_may_answer_and_the_other_not_but_two_answers_agree() -> None:
    far = failed(1e39, PredictionFailed("overflow"))
    assert proved(Formula(refuses=far)).failure is None
    assert proved(Formula(), Formula(refuses=far)).failure is None
    other = Formula(price=lambda size, bern: Formula().price(size, bern) + (size > 1e39))
    assert re.match(r"edge row \d+ .size = 1\.?\d*e\+30\d., in bulk: answers", proved(other).failure or "")


def test_what_is_refused_as_invalid_input_no_candidate_answers_however_large_it_is() -> None:
    invalid = InvalidInput([FieldProblem(row=0, field="size", got="1e300", expected="less")])
    found = proved(Formula(), Formula(refuses=failed(1e39, invalid)))
    assert re.match(r"edge row \d+ .*: answers .*, the native model refuses it .invalid-input.", found.failure or "")


def test_probabilities_that_are_no_numbers_prove_nothing_at_the_edges() -> None:
    def lost(size: NDArray[np.float64], bern: NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.where(size > 1e30, np.nan, Formula().price(size, bern))

    native = Formula(signature=CLASSES, price=lost)
    assert proved(Formula(signature=CLASSES), native).failure is None
    assert proved(native, Formula(signature=CLASSES)).failure is not None


def test_an_error_that_is_none_of_carafes_is_a_failure_of_the_candidate() -> None:
    def broken(size: NDArray[np.float64], bern: NDArray[np.bool_]) -> NDArray[np.float64]:
        if np.isnan(size).any():
            raise KeyError("nan")
        return Formula().price(size, bern)

    words = r"edge row 0 .size = null., in bulk: fails .KeyError., the native model answers 14\.0"
    assert re.match(words, proved(Formula(price=broken)).failure or "")


def test_a_missing_library_is_no_answer() -> None:
    absent = Formula(refuses=failed(0.0, MissingExtra("this model needs lightgbm")))
    with pytest.raises(MissingExtra):
        truth_of(absent)
    with pytest.raises(MissingExtra):
        proved(absent)


def test_the_features_must_be_the_same() -> None:
    words = r"row 0 of those given: feature bern is 0\.25, the native model's 0\.0"
    assert re.match(words, proved(Formula(features=0.25)).failure or "")


def test_an_answer_that_is_not_finite_is_as_good_as_none() -> None:
    def infinite(size: NDArray[np.float64], bern: NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.where(size > 1e200, np.inf, Formula().price(size, bern))

    native = Formula(price=infinite)
    assert proved(native, native).failure is None
    assert proved(Formula(refuses=failed(1e200, PredictionFailed("no"))), native).failure is None
    assert proved(Formula(), native).failure is None  # of edge rows: no client gets the native answer
    blank = Formula(price=lambda size, bern: np.where(size == 33.25, np.nan, Formula().price(size, bern)))
    assert "row 133 of those given, in bulk: answers 76.5, the native" in (proved(Formula(), blank).failure or "")


def test_a_border_that_is_moved_by_the_last_digit_is_found() -> None:
    def stepped(border: float) -> Formula:
        return Formula(price=lambda size, _bern: np.where(size <= border, 1.0, 2.0))

    found = proved(stepped(np.nextafter(25.3, 26)), stepped(25.3))
    words = r"edge row \d \(size = 25\.3\d*\), in bulk: answers 1\.0, the native model answers 2\.0"
    assert re.match(words, found.failure or "")


def test_a_row_that_is_refused_alone_does_not_hide_the_others() -> None:
    native = Formula(refuses=failed(99.5, PredictionFailed("")))
    truth = truth_of(native)
    assert truth.given.truth.refusals.keys() == {399}
    np.testing.assert_array_equal(np.isnan(truth.given.truth.values), np.arange(400) == 399)
