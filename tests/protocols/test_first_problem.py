from __future__ import annotations

import json
import time
from typing import Any

import pytest

from carafe.errors import FieldProblem, InvalidInput
from carafe.protocols.native import LARGE, decode_json
from carafe.protocols.typed_json import TypedRecords
from served import EVERYTHING, HOUSES, everything

TYPED = TypedRecords(HOUSES)


def thorough(value: object) -> FieldProblem:
    with pytest.raises(InvalidInput) as caught:
        decode_json(HOUSES, json.dumps(value).encode(), max_rows=1000)
    return caught.value.problems[0]


@pytest.mark.parametrize(
    "value",
    [
        {"area": "x", "bedrooms": 2},
        {"area": None, "bedrooms": 2},
        {"area": True, "bedrooms": 2},
        {"bedrooms": 2},
        {"area": 1, "bedrooms": 2, "rooms": 3},
        ["x", 2],
        [1],
        [{"area": 1, "bedrooms": 2}, {"area": {}, "bedrooms": 2}],
        [[1, 2], [1, 2], ["x", 2]],
        [[1, 2], [1, 2, 3]],
    ],
)
def test_the_first_problem_is_the_thorough_readings_own(value: object) -> None:
    found = TYPED.refusal(json.dumps(value).encode())
    assert found is not None
    expected = thorough(value)
    assert (found.row, found.field, found.expected) == (expected.row, expected.field, expected.expected)


@pytest.mark.parametrize(
    "value",
    [
        [1, 2.0],
        [1e300, 2],
        [[1, 2], {"area": 1, "bedrooms": 2}],
        [{"area": 1, "bedrooms": 2}, [1, 2]],
        {"area": 1, "bedrooms": 2},
    ],
)
def test_nothing_is_said_of_a_body_that_may_fit(value: object) -> None:
    assert TYPED.refusal(json.dumps(value).encode()) is None
    assert decode_json(HOUSES, json.dumps(value).encode(), max_rows=9).rows.count


def test_a_column_named_like_a_place_is_not_mistaken() -> None:
    for value in everything(), list(everything().values()):
        assert TypedRecords(EVERYTHING).refusal(json.dumps(value).encode()) is None


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b",".join([b"{}"] * 3_000_000) + b"]",
        b"[" + b",".join([b"0"] * 4_000_000) + b"]",
        b"[" + b",".join([b"1e400"] * 2_000_000) + b"]",
        b'{"a":' * 2_000_000,
        b"{" + b",".join(b'"k%d":1' % index for index in range(600_000)) + b"}",
        b"[" + b",".join([b'["x",2]'] * 99_000) + b"]",
        b"[[1,2]" + b',["x",2]' * 900_000 + b"]",
    ],
    ids=[
        "empty objects",
        "numbers",
        "huge numbers",
        "deep objects",
        "unknown fields",
        "texts for numbers",
        "too many rows",
    ],
)
def test_a_large_hostile_body_is_refused_at_its_first_problem(body: bytes) -> None:
    assert len(body) > LARGE
    began = time.process_time()
    with pytest.raises(InvalidInput) as caught:
        decode_json(HOUSES, body, max_rows=100_000, typed=TYPED)
    assert len(caught.value.problems) == 1
    assert time.process_time() - began < 0.1  # of the processor's time, whatever else the machine does


def test_a_large_body_that_fits_in_an_odd_spelling_is_still_taken() -> None:
    body: list[Any] = [[1, 2.0]] * 40_000
    assert decode_json(HOUSES, json.dumps(body).encode(), max_rows=100_000, typed=TYPED).rows.count == 40_000
