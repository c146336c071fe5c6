"""Bulk scoring takes and refuses exactly what a request does, whatever the format."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carafe.errors import FieldProblem, InvalidInput
from carafe.jobs.scoring.encode.column import Encoded
from carafe.jobs.scoring.encode.texts import encode_texts
from carafe.jobs.scoring.encode.typed import encode_typed, misfit
from carafe.jobs.scoring.encode.values import encode_values
from carafe.protocols.native_csv import field_value
from carafe.schema import Column, Kind, Signature, Target, Task
from carafe.schema.rows import encode_records

TARGET = Target(name="y", task=Task.REGRESSION)
COLUMNS = [
    Column(name="x", kind=kind, nullable=nullable, categories=categories)
    for nullable in (False, True)
    for kind, categories in [
        *((kind, ()) for kind in Kind if kind is not Kind.CATEGORY),
        (Kind.CATEGORY, ("a", "b")),
        (Kind.CATEGORY, (1, 2)),
    ]
]
ODD = [
    *(
        "",
        " ",
        "\t",
        "0",
        "-0",
        "+1",
        "1.",
        ".5",
        "-.5e3",
        "1e5",
        "1E+5",
        "1e400",
        "-1e400",
        "inf",
        "nan",
        "NaN",
        "1_0",
    ),
    *(" 1", "1 ", "0x10", "1,5", "1.234,5", "9007199254740992", "9007199254740993", "-9007199254740993", "1" * 25),
    *("1" * 401, "1e", "e5", ".", "+", "1d5", "3.0", "2.5", "true", "TRUE", "False", " true", "yes", "a", "ä", "NA"),
    *("2024-05-01", "2024-02-30", "2024-05-01T12:00:00Z", "2024-05-01 12:00:00.123", "2024-05-01T12:00:00+02:00"),
    *("2024-05-01T24:00:00", "2024-05-01T23:59:60", "0000-01-01", "0001-01-01", "9999-12-31T23:59:59.999999"),
    *("20240501", "2024-W18-3", "2024-05", "2024-05-01T12", "2024-05-01T12:30", "12:30", "2024-05-01T12:00:00.5"),
    *("1\u0662", "\u0661", "\x1c", "\u00a0", "1\u00a0", "\x85"),
]
texts = st.lists(
    st.sampled_from(ODD)
    | st.floats().map(repr)
    | st.integers().map(str)
    | st.datetimes().map(lambda moment: moment.isoformat())
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    min_size=1,
    max_size=12,
)


def one_by_one(column: Column, values: list[object]) -> list[object]:
    """Return what a request's record gives for each value: what Rows hold, or the problem."""
    alone = Signature(columns=(column,), target=TARGET)
    found: list[object] = []
    for row, value in enumerate(values):
        try:
            found.append(held(encode_records(alone, [(value,)]).columns[0][0]))
        except InvalidInput as error:
            problem = error.problems[0]
            found.append(FieldProblem(row=row, field=problem.field, got=problem.got, expected=problem.expected))
    return found


def held(value: Any) -> object:  # noqa: ANN401 - any element of an array
    """Return an element so that equal ones are equal: NaN and NaT by name."""
    if isinstance(value, np.datetime64):
        return str(value)
    return "NaN" if isinstance(value, float) and math.isnan(value) else value


def together(encoded: Encoded) -> list[object]:
    problems = {problem.row: problem for problem in encoded.problems}
    return [problems.get(row) or held(value) for row, value in enumerate(encoded.array)]


@pytest.mark.parametrize("column", COLUMNS, ids=lambda c: f"{c.kind}{'?' if c.nullable else ''}{c.categories}")
def test_every_odd_field_of_csv_is_taken_or_refused_as_in_a_request(column: Column) -> None:
    known = pl.Series([text or None for text in ODD], dtype=pl.String)
    assert together(encode_texts(column, known)) == one_by_one(column, [field_value(column, text) for text in ODD])


@given(fields=texts, column=st.sampled_from(COLUMNS))
def test_any_field_of_csv_is_taken_or_refused_as_in_a_request(fields: list[str], column: Column) -> None:
    known = pl.Series(fields, dtype=pl.String)
    assert together(encode_texts(column, known)) == one_by_one(column, [field_value(column, text) for text in fields])


JSON: st.SearchStrategy[object] = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(ODD)
    | st.text(max_size=5)
    | st.just([])
    | st.just({})
)


@given(values=st.lists(JSON, min_size=1, max_size=8) | texts, column=st.sampled_from(COLUMNS))
def test_any_value_of_json_is_taken_or_refused_as_in_a_request(values: list[object], column: Column) -> None:
    assert together(encode_values(column, values)) == one_by_one(column, values)


SERIES = [
    pl.Series("x", [1.5, None, math.nan, math.inf, 2.0**53, -0.0, 3.0], dtype=pl.Float64),
    pl.Series("x", [1.5, None, 3.0], dtype=pl.Float32),
    pl.Series("x", [1, None, 2**53, 2**53 + 1, -(2**63)], dtype=pl.Int64),
    pl.Series("x", [1, 2, 255], dtype=pl.UInt8),
    pl.Series("x", [True, None, False]),
    pl.Series("x", ["a", None, "", "zz", "2024-05-01", "2024-05-01T12:00:00+02:00", "1.5"]),
    pl.Series("x", ["a", None, "b"], dtype=pl.Categorical),
    pl.Series("x", ["a", None, "b"], dtype=pl.Enum(["a", "b"])),
    pl.Series("x", [dt.date(2024, 5, 1), None]),
    pl.Series("x", [dt.datetime(2024, 5, 1, 12, 30), None], dtype=pl.Datetime("ns")),  # noqa: DTZ001 - naive on purpose
    pl.Series("x", [dt.datetime(2024, 5, 1, 12, 30, tzinfo=dt.UTC)]).dt.convert_time_zone("Europe/Berlin"),
    pl.Series("x", [None, None], dtype=pl.Null),
]


@pytest.mark.parametrize("series", SERIES, ids=lambda s: str(s.dtype))
@pytest.mark.parametrize("column", COLUMNS, ids=lambda c: f"{c.kind}{'?' if c.nullable else ''}{c.categories}")
def test_a_typed_column_is_taken_or_refused_value_by_value_or_as_a_whole(column: Column, series: pl.Series) -> None:
    expected = one_by_one(column, series.to_list())
    if misfit(column, series.dtype) is None:
        assert together(encode_typed(column, series)) == expected
    else:  # no value of it would have been taken, a missing one aside
        there = [one for one, value in zip(expected, series, strict=True) if value is not None and held(value) != "NaN"]
        assert there
        assert all(isinstance(one, FieldProblem) for one in there)


def test_a_decimal_number_is_taken_as_the_double_nearest_to_it() -> None:
    series = pl.Series("x", ["1.10", None]).cast(pl.Decimal(10, 2))
    encoded = encode_typed(Column(name="x", kind=Kind.NUMBER, nullable=True), series)
    assert together(encoded) == [1.1, "NaN"]


def test_words_can_stand_for_a_missing_value() -> None:
    column = Column(name="x", kind=Kind.NUMBER, nullable=True)
    assert together(encode_texts(column, pl.Series(["NA", "1"]), nulls=("NA",))) == ["NaN", 1.0]


def test_numbered_categories_can_be_written_with_a_comma() -> None:
    column = Column(name="x", kind=Kind.CATEGORY, categories=(1, 2))
    encoded = encode_texts(column, pl.Series(["1,0", "2", "a,b", "a.b"]), decimal=",")
    assert together(encoded) == ["1", "2", "a,b", "a.b"]


def test_numbers_can_be_written_with_a_comma() -> None:
    column = Column(name="x", kind=Kind.NUMBER)
    encoded = encode_texts(column, pl.Series(["1,5", "1.234,5", "2"]), decimal=",")
    assert together(encoded) == [1.5, 1234.5, 2.0]
