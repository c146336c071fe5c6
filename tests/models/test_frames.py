from __future__ import annotations

import math
from datetime import datetime

import polars as pl

from carafe.models.frames import polars_frame
from carafe.schema import Column, Kind, Signature, Target, Task
from carafe.schema.rows import encode_records

SIGNATURE = Signature(
    columns=(
        Column(name="area", kind=Kind.NUMBER, nullable=True),
        Column(name="rooms", kind=Kind.INTEGER, nullable=True),
        Column(name="garden", kind=Kind.BOOLEAN, nullable=True),
        Column(name="zone", kind=Kind.CATEGORY, nullable=True, categories=("north", "south")),
        Column(name="note", kind=Kind.TEXT, nullable=True),
        Column(name="built", kind=Kind.DATETIME, nullable=True),
    ),
    target=Target(name="price", task=Task.REGRESSION),
)


def test_each_kind_has_one_dtype_whatever_the_values() -> None:
    full = [1500, 3, True, "north", "quiet", "2001-02-03T04:05:06"]
    expected = {
        "area": pl.Float64,
        "rooms": pl.Float64,
        "garden": pl.Float64,
        "zone": pl.String,
        "note": pl.String,
        "built": pl.Datetime("us"),
    }
    for records in ([full], [[None] * 6], [full, [None] * 6]):
        assert dict(polars_frame(SIGNATURE, encode_records(SIGNATURE, records)).schema) == expected


def test_values_arrive_in_signature_order() -> None:
    record = {
        "built": "2001-02-03",
        "area": 1.5,
        "rooms": 3,
        "garden": False,
        "zone": "elsewhere",
        "note": "",
    }
    frame = polars_frame(SIGNATURE, encode_records(SIGNATURE, [record]))
    assert frame.rows() == [(1.5, 3.0, 0.0, "elsewhere", "", datetime(2001, 2, 3))]  # noqa: DTZ001 - kept as it came


def test_a_missing_number_is_nan_and_any_other_missing_value_is_null() -> None:
    row = polars_frame(SIGNATURE, encode_records(SIGNATURE, [[None] * 6])).row(0)
    assert all(math.isnan(value) for value in row[:3])
    assert row[3:] == (None, None, None)
