from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carafe.errors import InvalidInput, UnreadableTable
from carafe.schema import Column, Kind, Rows, Signature, Target, Task
from carafe.schema.rows import encode_records
from carafe.tables import cast_to_signature, rows_from_frame

VALUES: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.NUMBER: st.floats() | st.integers(-(2**60), 2**60),
    Kind.INTEGER: st.integers(-(2**54), 2**54) | st.floats(-9, 9),
    Kind.BOOLEAN: st.booleans(),
    Kind.CATEGORY: st.text(st.characters(codec="utf-8"), max_size=4) | st.integers(0, 3) | st.sampled_from([1.0, 2.5]),
    Kind.TEXT: st.text(st.characters(codec="utf-8"), max_size=4),
    Kind.DATETIME: st.datetimes(datetime.fromisoformat("1900-01-01"), datetime.fromisoformat("2100-01-01"))
    | st.dates().map(str)
    | st.text(max_size=3),
}


def column_of(kind: Kind) -> st.SearchStrategy[tuple[Column, list[Any]]]:
    categories = st.sampled_from([("a",), (1, 2)]) if kind is Kind.CATEGORY else st.just(())
    column = st.builds(
        Column, name=st.just(str(kind)), kind=st.just(kind), nullable=st.booleans(), categories=categories
    )
    stranger = VALUES[Kind.TEXT] if kind is not Kind.TEXT else VALUES[Kind.NUMBER]
    return st.tuples(column, st.lists(VALUES[kind] | st.none() | stranger, min_size=3, max_size=3))


def same(first: Rows, second: Rows) -> bool:
    return all(
        a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype != object)
        for a, b in zip(first.columns, second.columns, strict=True)
    )


@given(
    columns=st.lists(st.sampled_from(Kind), min_size=1, unique=True).flatmap(lambda ks: st.tuples(*map(column_of, ks)))
)
@settings(max_examples=300, deadline=None)
def test_a_frame_and_its_records_are_the_same_rows_or_have_the_same_problems(
    columns: tuple[tuple[Column, list[Any]], ...],
) -> None:
    try:
        frame = pl.DataFrame([pl.Series(column.name, values, strict=True) for column, values in columns])
    except (TypeError, OverflowError, pl.exceptions.PolarsError):
        return  # a frame can't hold such a column
    signature = Signature(columns=tuple(c for c, _ in columns), target=Target(name="y", task=Task.REGRESSION))
    try:
        expected = encode_records(signature, frame.to_dicts())
    except InvalidInput as problems:
        with pytest.raises(InvalidInput) as caught:
            rows_from_frame(signature, frame)
        assert {(p.row, p.field, p.got) for p in caught.value.problems} == {
            (p.row, p.field, p.got) for p in problems.problems
        }
    else:
        assert same(rows_from_frame(signature, frame), expected)


def signature(*columns: Column) -> Signature:
    return Signature(columns=columns, target=Target(name="y", task=Task.REGRESSION))


HOUSE = signature(
    Column(name="area", kind=Kind.NUMBER),
    Column(name="rooms", kind=Kind.INTEGER, nullable=True),
    Column(name="city", kind=Kind.CATEGORY, nullable=True, categories=("Ulm", "Bonn")),
    Column(name="new", kind=Kind.BOOLEAN),
    Column(name="sold", kind=Kind.DATETIME),
)
RECORDS = [
    {"area": 10.5, "rooms": 3, "city": "Ulm", "new": True, "sold": datetime.fromisoformat("2024-05-01")},
    {"area": 7.0, "rooms": None, "city": None, "new": False, "sold": datetime.fromisoformat("2024-05-02T10:00")},
]


@pytest.mark.parametrize("make", [pl.DataFrame, pd.DataFrame, pa.Table.from_pylist, list])
def test_every_kind_of_frame_gives_the_same_rows(make: Any) -> None:  # noqa: ANN401
    frame = make(RECORDS)
    assert same(rows_from_frame(HOUSE, frame), encode_records(HOUSE, RECORDS))


def test_the_order_of_a_frames_columns_does_not_matter() -> None:
    frame = pl.DataFrame(RECORDS).select(sorted(HOUSE.names))
    assert same(rows_from_frame(HOUSE, frame), encode_records(HOUSE, RECORDS))


def test_columns_of_mixed_objects_are_looked_at_one_by_one() -> None:
    frame = pd.DataFrame({"x": [1.5, "two", None]})
    with pytest.raises(InvalidInput) as caught:
        rows_from_frame(signature(Column(name="x", kind=Kind.NUMBER, nullable=True)), frame)
    assert [problem.row for problem in caught.value.problems] == [0, 1]


def test_times_with_a_zone_become_utc() -> None:
    when = datetime(2024, 5, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    rows = rows_from_frame(signature(Column(name="t", kind=Kind.DATETIME)), pl.DataFrame({"t": [when]}))
    assert rows.columns[0][0] == np.datetime64(when.astimezone(UTC).replace(tzinfo=None), "us")


def test_missing_and_unknown_columns_are_named_once() -> None:
    frame = pl.DataFrame({"area": [1.0, 2.0], "colour": ["red", "blue"]})
    with pytest.raises(InvalidInput) as caught:
        rows_from_frame(HOUSE, frame)
    story = {problem.field: problem.got for problem in caught.value.problems}
    assert story == dict.fromkeys(("rooms", "city", "new", "sold"), "no such column") | {"colour": "an unknown column"}


def test_text_is_no_number_until_it_is_cast() -> None:
    frame = pl.DataFrame({"area": ["1,5", "2"], "rooms": ["3", "NA"], "city": [" Ulm", ""], "new": ["true", "FALSE"]})
    frame = frame.with_columns(sold=pl.Series(["31.12.2024", "1.1.2024"]))
    with pytest.raises(InvalidInput, match='area: got "1,5", expected a number'):
        rows_from_frame(HOUSE, frame)
    area, rooms, city, new, sold = rows_from_frame(HOUSE, cast_to_signature(frame, HOUSE)).columns
    assert area.tolist() == [1.5, 2.0]
    assert rooms[0] == 3
    assert np.isnan(rooms[1])
    assert city.tolist() == ["Ulm", None]
    assert new.tolist() == [1.0, 0.0]
    assert str(sold[0]) == "2024-12-31T00:00:00.000000"


def test_text_that_is_no_number_is_named_after_casting_too() -> None:
    frame = pl.DataFrame({"x": ["1", "abc"], "t": ["soon", "2024-01-01"]})
    model = signature(Column(name="x", kind=Kind.NUMBER, nullable=True), Column(name="t", kind=Kind.DATETIME))
    with pytest.raises(InvalidInput) as caught:
        rows_from_frame(model, cast_to_signature(frame, model))
    assert ("x", '"abc"') in {(problem.field, problem.got) for problem in caught.value.problems}
    assert ("t", '"soon"') in {(problem.field, problem.got) for problem in caught.value.problems}


def test_no_rows_and_no_frame_are_refused() -> None:
    with pytest.raises(InvalidInput, match="no rows, expected at least one"):
        rows_from_frame(HOUSE, pl.DataFrame(schema=dict.fromkeys(HOUSE.names, pl.Float64)))
    with pytest.raises(UnreadableTable, match="got int, expected a polars, pandas or pyarrow frame"):
        rows_from_frame(HOUSE, 7)
