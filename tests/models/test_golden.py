from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from carafe.errors import CorruptArtefact, PredictionFailed
from carafe.models.features import Features
from carafe.models.golden import UNSEEN, Golden, plain_rows, record_golden, replay_golden
from carafe.schema import Column, Kind, Rows, Signature, Target, Task
from carafe.schema.prediction import Prediction
from carafe.schema.rows import encode_records

REGRESSION = Signature(
    columns=(
        Column(name="size", kind=Kind.NUMBER, nullable=True),
        Column(name="city", kind=Kind.CATEGORY, categories=("Bern", "Rome")),
    ),
    target=Target(name="y", task=Task.REGRESSION),
)
CLASSIFICATION = msgspec.structs.replace(
    REGRESSION, target=Target(name="y", task=Task.CLASSIFICATION, classes=("no", "yes"))
)
SAMPLE = encode_records(REGRESSION, [[float(n), "Bern" if n % 2 else "Rome"] for n in range(100)])


@dataclass(frozen=True, kw_only=True)
class Made:
    """A model of a formula: the size times a factor, plus an offset; a missing size is refused or counts as zero."""

    signature: Signature = REGRESSION
    factor: float = 1.0
    refuses_null: bool = False

    def predict(self, rows: Rows, *, probabilities: bool = False) -> Prediction:
        size = rows.columns[0]
        if self.refuses_null and np.isnan(size).any():
            raise PredictionFailed("NaN")
        numbers: NDArray[np.float64] = np.nan_to_num(size) * self.factor
        if self.signature.target.task is Task.REGRESSION:
            return Prediction(values=numbers)
        chance = np.clip(numbers / 100, 0, 1)
        both = np.column_stack([1 - chance, chance]) if probabilities else None
        return Prediction(values=(chance > 0.5).astype(np.intp), probabilities=both)

    def transform(self, rows: Rows) -> Features:
        raise NotImplementedError


def test_a_few_rows_and_the_edges_are_kept() -> None:
    golden = record_golden(Made(), SAMPLE, probabilities=False)
    assert len(golden.rows) == 10
    assert golden.rows[0] == (0.0, "Rome")
    assert golden.rows[7] == (99.0, "Bern")
    assert golden.rows[8] == (None, "Rome")
    assert golden.rows[9] == (0.0, UNSEEN)
    assert golden.values[7] == 99.0


def test_an_edge_that_the_model_refuses_is_left_out() -> None:
    golden = record_golden(Made(refuses_null=True), SAMPLE, probabilities=False)
    assert (None, "Rome") not in golden.rows


def test_a_model_that_fails_on_its_own_sample_is_not_recorded() -> None:
    gaps = encode_records(REGRESSION, [[None, "Bern"]])
    with pytest.raises(PredictionFailed):
        record_golden(Made(refuses_null=True), gaps, probabilities=False)


@pytest.mark.parametrize(
    "content",
    [
        b'{"rows": [[1.0, "Bern"]], "values": []}',
        b'{"rows": [[1.0, "Bern"]], "values": [0], "probabilities": [[0.5, 0.5], [0.5, 0.5]]}',
        b'{"rows": [[1.0, "Bern"], [2.0, "Bern"]], "values": [0, 1], "probabilities": [[0.5, 0.5], [1.0]]}',
    ],
)
def test_rows_and_answers_of_different_numbers_are_no_golden_predictions(content: bytes) -> None:
    with pytest.raises(msgspec.ValidationError, match=r"golden predictions: .*number"):
        msgspec.json.decode(content, type=Golden)


def test_the_same_model_repeats_its_answers_after_a_trip_through_json() -> None:
    for model in (Made(factor=1 / 3), Made(signature=CLASSIFICATION)):
        golden = record_golden(model, SAMPLE, probabilities=model.signature is CLASSIFICATION)
        replay_golden(model, msgspec.json.decode(msgspec.json.encode(golden), type=Golden))


def test_a_model_that_answers_differently_is_refused_with_both_answers() -> None:
    golden = record_golden(Made(), SAMPLE, probabilities=False)
    replay_golden(Made(factor=1 + 1e-12), golden)
    with pytest.raises(CorruptArtefact, match=r"golden predictions: row 1 has answer 14\.0000\d+, expected 14\.0"):
        replay_golden(Made(factor=1 + 1e-6), golden)


def test_one_huge_answer_lends_the_others_no_leeway() -> None:
    rows = (*(((1.0 + number), "Bern") for number in range(4)), (1e12, "Bern"))
    golden = Golden(rows=rows, values=(1.0, 2.0, 3.0, 4.001, 1e12))
    with pytest.raises(CorruptArtefact, match=r"golden predictions: row 3 has answer 4\.0, expected 4\.001"):
        replay_golden(Made(), golden)


def test_another_class_or_another_probability_is_refused() -> None:
    golden = record_golden(Made(signature=CLASSIFICATION), SAMPLE, probabilities=True)
    with pytest.raises(CorruptArtefact, match=r"golden predictions: row \d has answer 1\.0, expected 0\.0"):
        replay_golden(Made(signature=CLASSIFICATION, factor=1.5), golden)
    with pytest.raises(CorruptArtefact, match=r"golden predictions: row \d has probabilities"):
        replay_golden(Made(signature=CLASSIFICATION, factor=1.001), golden)


def test_a_model_that_answers_nan_or_fails_now_is_refused() -> None:
    golden = record_golden(Made(), SAMPLE, probabilities=False)
    with pytest.raises(CorruptArtefact, match="golden predictions: row 0 has answer nan"):
        replay_golden(Made(factor=float("nan")), golden)
    with pytest.raises(CorruptArtefact, match="golden predictions: the model fails on rows that it answered"):
        replay_golden(Made(refuses_null=True), golden)


@given(
    size=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    count=st.integers(-(2**53), 2**53),
    new=st.booleans(),
    word=st.none() | st.text(),
    moment=st.none() | st.datetimes(),
)
def test_rows_written_as_a_client_would_are_the_same_rows(
    size: object, count: int, new: object, word: object, moment: object
) -> None:
    kinds = (Kind.NUMBER, Kind.INTEGER, Kind.BOOLEAN, Kind.TEXT, Kind.DATETIME)
    columns = tuple(Column(name=kind.value, kind=kind, nullable=True) for kind in kinds)
    signature = Signature(columns=columns, target=Target(name="y", task=Task.REGRESSION))
    rows = encode_records(signature, [[size, count, new, word, moment]])
    written = msgspec.json.decode(msgspec.json.encode(list(plain_rows(signature, rows))))
    for before, after in zip(rows.columns, encode_records(signature, written).columns, strict=True):
        np.testing.assert_array_equal(before, after)
