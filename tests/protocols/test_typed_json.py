from __future__ import annotations

import json
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carafe.errors import BodyTooLarge, InvalidInput, MalformedBody
from carafe.protocols.native import decode_json
from carafe.protocols.typed_json import TypedRecords
from carafe.schema import Column, Kind, Signature, Target, Task
from served import EVERYTHING, HOUSES, everything

TYPED = TypedRecords(EVERYTHING)

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=2**53 - 2, max_value=2**53 + 2),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=4),
    st.sampled_from(["2024-02-30", "2024-02-29T10:00:00+02:00", "20240101", "0001-01-01T00:00:00+01:00", 3.0, "3"]),
    st.lists(st.integers(), max_size=2),
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**54), 2**54)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "number": NUMBERS,
    "integer": st.integers(-(2**54), 2**54),
    "boolean": st.booleans() | st.none(),
    "category": st.text(max_size=3) | st.none(),
    "code": st.integers() | st.text(max_size=3),
    "text": st.text(max_size=9),
    "when": st.datetimes().map(str) | st.none(),
}


def outcome(body: bytes, typed: TypedRecords | None, signature: Signature = EVERYTHING) -> Any:  # noqa: ANN401
    """Return what a body becomes, as plain values that can be compared."""
    try:
        decoded = decode_json(signature, body, max_rows=3, typed=typed)
    except (InvalidInput, MalformedBody, BodyTooLarge) as error:
        return type(error).__name__, str(error)
    return [[repr(value) for value in column] for column in decoded.rows.columns], decoded.single


@st.composite
def records(draw: st.DrawFn) -> dict[str, Any]:
    fits = draw(st.booleans())
    record = {name: draw(strategy if fits else strategy | ODD) for name, strategy in VALUES.items()}
    for name in draw(st.lists(st.sampled_from(sorted(record)), max_size=0 if fits else 1)):
        del record[name]
    unknown = st.dictionaries(st.sampled_from(["a:b", "other"]), ODD, max_size=0 if fits else 1)
    return record | draw(unknown)


@given(
    st.lists(records(), min_size=1, max_size=4),
    st.sampled_from(["one", "many", "listed", "flat"]),
    st.sampled_from([None, 1]),
)
def test_a_body_is_the_same_rows_or_the_same_refusal_with_and_without_the_typed_reading(
    table: list[dict[str, Any]], shape: str, indent: int | None
) -> None:
    shapes: dict[str, Any] = {
        "one": table[0],
        "many": table,
        "listed": [list(record.values()) for record in table],
        "flat": list(table[0].values()),
    }
    body = json.dumps(shapes[shape], indent=indent).encode()
    assert outcome(body, TYPED) == outcome(body, None)


@pytest.mark.parametrize(
    "body",
    [
        '{"area": 1, "area": 2, "bedrooms": 3}',
        '{"area" : 1, "area": 2, "bedrooms": 3}',
        '{"area": 1, "bedrooms": 3, "bedrooms" : 4}',
        '[{"area": 1, "bedrooms": 2}, {"area": 1, "area": 1, "bedrooms": 3}]',
        '[{"area": 1, "bedrooms": 2}, {"area": 1}]',
        '{"area": 9007199254740993, "bedrooms": 3}',
        '{"area": 1e400, "bedrooms": 3}',
        '{"area": 1, "bedrooms": 3} x',
        '{"area": NaN, "bedrooms": 3}',
        " [1, 2] ",
        "[1, 2, 3]",
        "[[1, 2], {}]",
        "[]",
        "[[]]",
        "",
        "{",
        "\ufeff{}",
        "[" * 100_000,
        '{"a":' * 40_000,
    ],
)
def test_what_the_thorough_reading_has_an_eye_for_is_left_to_it(body: str) -> None:
    assert outcome(body.encode(), TypedRecords(HOUSES), HOUSES) == outcome(body.encode(), None, HOUSES)


def test_a_field_twice_is_noticed_though_texts_hold_colons() -> None:
    body = json.dumps(everything(text="a: b", category="x:y"))
    assert TYPED.one(body.encode()) is not None
    repeated = body[:-1] + ', "text": "again"}'
    assert TYPED.one(repeated.encode()) is None
    with pytest.raises(InvalidInput, match="more than once"):
        decode_json(EVERYTHING, repeated.encode(), max_rows=1, typed=TYPED)


def test_an_ordinary_record_takes_the_typed_way() -> None:
    record = TYPED.one(json.dumps(everything()).encode())
    assert record is not None
    assert len(record) == len(EVERYTHING.columns)


def test_a_datetime_becomes_the_microseconds_since_1970_in_utc() -> None:
    signature = Signature(
        columns=(Column(name="when", kind=Kind.DATETIME),), target=Target(name="y", task=Task.REGRESSION)
    )
    assert TypedRecords(signature).one(b'["1970-01-01T02:00:00.000001+01:00"]') == (3_600_000_001,)
    decoded = decode_json(signature, b'["1969-12-31"]', max_rows=1, typed=TypedRecords(signature))
    assert decoded.rows.columns[0] == np.datetime64("1969-12-31", "us")


def test_a_signature_without_columns_takes_empty_records() -> None:
    signature = Signature(columns=(), target=Target(name="y", task=Task.REGRESSION))
    assert TypedRecords(signature).one(b"{}") == ()
    assert msgspec.json.decode(b"{}") == {}
