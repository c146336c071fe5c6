from __future__ import annotations

import contextlib
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carafe.errors import BodyTooLarge, InvalidInput, MalformedBody, PredictionFailed
from carafe.protocols.native import decode_json, encode_features, encode_json, label_text
from carafe.protocols.native_csv import encode_csv
from carafe.schema import Label, Prediction, PredictResponse, Signature, Target, Task
from served import EVERYTHING, HOUSES, IRIS, everything


def decode(signature: Signature, value: object) -> tuple[list[list[Any]], bool]:
    decoded = decode_json(signature, json.dumps(value).encode(), max_rows=1000)
    return [column.tolist() for column in decoded.rows.columns], decoded.single


def problems(signature: Signature, body: str) -> list[tuple[int, str, str, str]]:
    with pytest.raises(InvalidInput) as caught:
        decode_json(signature, body.encode(), max_rows=1000)
    return [(p.row, p.field, p.got, p.expected) for p in caught.value.problems]


@pytest.mark.parametrize(
    ("value", "single"),
    [
        ({"area": 50, "bedrooms": 3}, True),
        ({"bedrooms": 3, "area": 50}, True),
        ([50, 3], True),
        ([{"area": 50, "bedrooms": 3}], False),
        ([[50, 3]], False),
    ],
)
def test_one_house_comes_in_five_shapes(value: object, *, single: bool) -> None:
    assert decode(HOUSES, value) == ([[50.0], [3.0]], single)


def test_records_and_lists_may_be_mixed_and_keep_their_order() -> None:
    assert decode(HOUSES, [[1, 2], {"bedrooms": 4, "area": 3}, [5, 6]]) == ([[1, 3, 5], [2, 4, 6]], False)


def test_null_is_a_missing_value_where_the_model_learnt_to_handle_it() -> None:
    (_, bedrooms), _ = decode(HOUSES, [50, None])
    assert np.isnan(bedrooms[0])
    assert problems(HOUSES, '{"area": null, "bedrooms": 3}') == [(0, "area", "null", "a number")]


@pytest.mark.parametrize(
    ("change", "got", "expected"),
    [
        ({"number": "1.5"}, '"1.5"', "a number"),
        ({"number": True}, "true", "a number"),
        ({"number": [1]}, "a list", "a number"),
        ({"number": {"a": 1}}, "an object", "a number"),
        ({"integer": 1.5}, "1.5", "a whole number between -2^53 and 2^53"),
        ({"integer": 2**53 + 1}, "9007199254740993", "a whole number between -2^53 and 2^53"),
        ({"integer": False}, "false", "a whole number between -2^53 and 2^53"),
        ({"boolean": 1}, "1", "true or false or null"),
        ({"boolean": "true"}, '"true"', "true or false or null"),
        ({"category": 3}, "3", "a string or null"),
        ({"code": 1.5}, "1.5", "a whole number or a string"),
        ({"text": None}, "null", "a string"),
        ({"when": "yesterday"}, '"yesterday"', "an ISO 8601 date or date-time string or null"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named(change: dict[str, object], got: str, expected: str) -> None:
    assert problems(EVERYTHING, json.dumps(everything(**change))) == [(0, next(iter(change)), got, expected)]


def test_a_number_that_overflows_is_named() -> None:
    beyond = "a number beyond the range of a double"
    expected = "a number between -1.8e308 and 1.8e308"
    assert problems(HOUSES, '{"area": 1e400, "bedrooms": 3}') == [(0, "area", beyond, expected)]
    assert problems(HOUSES, f"[[1, 2], [-{'9' * 5000}, 2]]") == [(1, "area", beyond, expected)]
    assert problems(HOUSES, f"[{'9' * 350}, 2]")[0][1] == "area"


def test_missing_unknown_and_repeated_fields_are_named() -> None:
    assert problems(HOUSES, '{"area": 1, "rooms": 2}') == [
        (0, "bedrooms", "nothing", "a whole number between -2^53 and 2^53 or null"),
        (0, "rooms", "an unknown field", "one of: area, bedrooms"),
    ]
    assert problems(HOUSES, '[[1, 2], {"area": 1, "area": 2, "bedrooms": 3}]') == [
        (1, "area", "the field more than once", "each field once")
    ]


@pytest.mark.parametrize(
    ("body", "got"),
    [
        ("[]", "an empty list"),
        ("[[]]", "a list of 0"),
        ("[1]", "a list of 1"),
        ("[1, 2, 3]", "a list of 3"),
        ("5", "5"),
        ("null", "null"),
        ('"text"', '"text"'),
        ("[[1, 2], 3]", "3"),
    ],
)
def test_a_body_that_holds_no_record_says_what_came(body: str, got: str) -> None:
    assert [problem[2] for problem in problems(HOUSES, body)] == [got]


def test_an_empty_object_lacks_every_field() -> None:
    assert [problem[1] for problem in problems(HOUSES, "{}")] == ["area", "bedrooms"]


def test_more_rows_than_allowed_are_refused_before_they_are_looked_at() -> None:
    with pytest.raises(BodyTooLarge, match="got 3 rows, at most 2"):
        decode_json(HOUSES, b"[[], [], []]", max_rows=2)


@given(st.binary(max_size=80) | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_any_body_is_rows_or_a_named_problem(body: bytes | str) -> None:
    with contextlib.suppress(MalformedBody, InvalidInput, BodyTooLarge):
        decode_json(EVERYTHING, body if isinstance(body, bytes) else body.encode(), max_rows=10)


def response(classes: tuple[Label, ...], values: list[int]) -> PredictResponse:
    target = Target(name="y", task=Task.CLASSIFICATION, classes=classes)
    return PredictResponse(
        name="m",
        version=1,
        signature=Signature(columns=(), target=target),
        prediction=Prediction(
            values=np.array(values, dtype=np.intp),
            probabilities=np.tile(np.linspace(0, 1, len(classes)), (len(values), 1)),
        ),
    )


@pytest.mark.parametrize("classes", [("no", "yes"), (0, 1), (False, True), (0.5, 1.5), ("1", "2", "3")])
def test_a_label_keeps_its_own_type(classes: tuple[Label, ...]) -> None:
    answer = json.loads(encode_json(response(classes, [1, 0]), single=False))
    assert answer["predictions"] == [classes[1], classes[0]]
    assert [type(label) for label in answer["predictions"]] == [type(classes[1]), type(classes[0])]
    assert list(answer["probabilities"][0]) == [label_text(label) for label in classes]


def test_probabilities_are_keyed_by_the_labels_text() -> None:
    answer = json.loads(encode_json(response((False, True), [1]), single=True))
    assert answer == {"prediction": True, "probabilities": {"false": 0.0, "true": 1.0}}


def test_a_regression_answers_numbers() -> None:
    answer = PredictResponse(
        name="houses", version=3, signature=HOUSES, prediction=Prediction(values=np.array([350000.0, 1 / 3]))
    )
    assert encode_json(answer, single=False) == b'{"predictions":[350000.0,0.3333333333333333]}'
    assert encode_json(answer, single=True) == b'{"prediction":350000.0}'


def test_a_number_that_is_not_finite_is_a_failure_of_the_model() -> None:
    answer = PredictResponse(
        name="houses", version=3, signature=HOUSES, prediction=Prediction(values=np.array([np.nan]))
    )
    with pytest.raises(PredictionFailed, match="houses@3 answered with a number that is not finite"):
        encode_json(answer, single=True)


def test_a_probability_that_is_not_finite_is_a_failure_of_the_model_and_no_null() -> None:
    answer = response(("no", "yes"), [1])
    assert answer.prediction.probabilities is not None
    answer.prediction.probabilities[0, 1] = np.nan
    with pytest.raises(PredictionFailed, match="m@1 answered with probabilities that are not finite"):
        encode_json(answer, single=True)
    with pytest.raises(PredictionFailed, match="m@1 answered with probabilities that are not finite"):
        encode_csv(answer)


def test_features_are_named_and_a_missing_one_is_null() -> None:
    matrix = np.array([[1.0, np.nan], [2.0, np.inf]])
    assert json.loads(encode_features(("a", "b"), matrix, single=False)) == {
        "features": [{"a": 1.0, "b": None}, {"a": 2.0, "b": None}]
    }
    assert json.loads(encode_features(("a", "b"), matrix[:1], single=True)) == {"features": {"a": 1.0, "b": None}}


def test_the_tutorials_iris_call_is_one_record() -> None:
    assert decode(IRIS, [5.1, 3.5, 1.4, 0.2]) == ([[5.1], [3.5], [1.4], [0.2]], True)
