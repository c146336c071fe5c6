"""What is observed of a frame is enough to build the same frame again."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from carafe.errors import UnsupportedModel
from carafe.models.container import CARAFE
from carafe.models.containers import build_table, pandas_frame, polars_frame
from carafe.models.containers.observed import Observed
from carafe.models.frames import polars_frame as carafes_own
from carafe.schema import Rows, Signature, Target, Task

TARGET = Target(name="y", task=Task.REGRESSION)
MOMENTS = [datetime.fromisoformat("2020-01-01T12:00"), None, datetime.fromisoformat("1999-12-31T23:59:59.123456")]

PANDAS = {
    "float64": pd.Series([1.5, np.nan, -2.0]),
    "float32": pd.Series([1.5, 2.25, -2.0], dtype="float32"),
    "int64": pd.Series([1, 2, -3]),
    "uint8": pd.Series([1, 2, 255], dtype="uint8"),
    "bool": pd.Series([True, False, True]),
    "Int64": pd.Series([1, None, 3], dtype="Int64"),
    "Float64": pd.Series([1.5, None, 3], dtype="Float64"),
    "boolean": pd.Series([True, None, False], dtype="boolean"),
    "str": pd.Series(["a", None, "ä"], dtype="str"),
    "string": pd.Series(["a", None, "ä"], dtype="string"),
    "object of strings, None": pd.Series(["a", None, "b"], dtype=object),
    "object of strings, NaN": pd.Series(["a", np.nan, "b"], dtype=object),
    "object of booleans": pd.Series([True, False, True], dtype=object),
    "object of integers": pd.Series([1, 2, 3], dtype=object),
    "category": pd.Series(["b", None, "a"], dtype=pd.CategoricalDtype(["b", "a", "never met"])),
    "ordered category": pd.Series(["b", None, "a"], dtype=pd.CategoricalDtype(["b", "a"], ordered=True)),
    "category of integers": pd.Series([3, 1, None], dtype=pd.CategoricalDtype([3, 1, 2])),
    "category of booleans": pd.Series([True, None, False], dtype=pd.CategoricalDtype([False, True])),
    "date-time": pd.Series(MOMENTS, dtype="datetime64[us]"),
    "date-time in nanoseconds": pd.Series(MOMENTS, dtype="datetime64[ns]"),
    "date-time with a zone": pd.Series(MOMENTS, dtype="datetime64[us]").dt.tz_localize("Europe/Zurich"),
}

POLARS = {
    "Float64": pl.Series([1.5, None, -2.0]),
    "Float32": pl.Series([1.5, 2.25, -2.0], dtype=pl.Float32),
    "Int64": pl.Series([1, None, -3]),
    "UInt8": pl.Series([1, 2, 255], dtype=pl.UInt8),
    "Boolean": pl.Series([True, None, False]),
    "String": pl.Series(["a", None, "ä"]),
    "Categorical": pl.Series(["a", None, "b"], dtype=pl.Categorical),
    "Enum": pl.Series(["a", None, "b"], dtype=pl.Enum(["b", "a", "never met"])),
    "Date": pl.Series([date(2020, 1, 1), None, date(1969, 12, 31)]),
    "Datetime": pl.Series(MOMENTS, dtype=pl.Datetime("us")),
    "Datetime in milliseconds": pl.Series(MOMENTS, dtype=pl.Datetime("us")).cast(pl.Datetime("ms")),
    "Datetime with a zone": pl.Series([datetime(2020, 7, 1, tzinfo=UTC)] * 3).dt.convert_time_zone("Europe/Zurich"),
}


def rebuilt(seen: Observed) -> Any:
    return build_table(seen.container, Signature(columns=seen.columns, target=TARGET), seen.rows)


@pytest.mark.parametrize("series", PANDAS.values(), ids=PANDAS.keys())
def test_a_pandas_column_comes_back_with_its_type_and_values(series: pd.Series) -> None:
    frame = pd.DataFrame({"x": series})
    pd.testing.assert_frame_equal(rebuilt(pandas_frame.observe(frame)), frame)


@pytest.mark.parametrize("series", POLARS.values(), ids=POLARS.keys())
def test_a_polars_column_comes_back_with_its_type_and_values(series: pl.Series) -> None:
    frame = pl.DataFrame({"x": series})
    again = rebuilt(polars_frame.observe(frame))
    nulls = frame.with_columns(pl.selectors.float().fill_null(float("nan")))  # a missing float is NaN to scikit-learn
    assert_frame_equal(again, nulls)


@settings(deadline=None, max_examples=50)
@given(
    numbers=st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False), min_size=3, max_size=3),
    integers=st.lists(st.integers(-(2**53), 2**53), min_size=3, max_size=3),
    words=st.lists(st.none() | st.text(), min_size=3, max_size=3),
)
def test_any_values_come_back(numbers: list[float | None], integers: list[int], words: list[str | None]) -> None:
    columns = {"n": np.array(numbers, dtype=np.float64), "i": integers}
    frame = pd.DataFrame(columns | {"w": pd.Series(words, dtype=object)})
    pd.testing.assert_frame_equal(rebuilt(pandas_frame.observe(frame)), frame)
    table = pl.DataFrame(columns | {"w": pl.Series(words, dtype=pl.String)})
    assert_frame_equal(rebuilt(polars_frame.observe(table)), table)


def test_an_unseen_category_is_a_missing_value_in_a_category_column() -> None:
    for module, frame in (
        (pandas_frame, pd.DataFrame({"x": PANDAS["category"]})),
        (polars_frame, pl.DataFrame({"x": POLARS["Enum"]})),
    ):
        seen = module.observe(frame)
        signature = Signature(columns=seen.columns, target=TARGET)
        built = build_table(seen.container, signature, Rows((np.array(["a", "unseen"], dtype=object),)))
        assert [value if isinstance(value, str) else None for value in built["x"].to_list()] == ["a", None]


def test_a_missing_integer_makes_a_pandas_integer_column_float() -> None:
    seen = pandas_frame.observe(pd.DataFrame({"x": PANDAS["int64"]}))
    signature = Signature(columns=seen.columns, target=TARGET)
    built = build_table(seen.container, signature, Rows((np.array([1.0, np.nan]),)))
    assert str(built["x"].dtype) == "float64"


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"x": pd.to_timedelta([1, 2])}),
        pd.DataFrame({"x": [1 + 2j]}),
        pd.DataFrame({"x": pd.period_range("2020", periods=2, freq="D")}),
        pd.DataFrame({"x": pd.Categorical([1.5, (1, 2)])}),
        pd.DataFrame({"x": [[1], [2]]}),
    ],
    ids=["durations", "complex numbers", "periods", "categories of tuples", "lists"],
)
def test_a_pandas_column_that_no_record_can_hold_is_refused_by_name(frame: pd.DataFrame) -> None:
    with pytest.raises(UnsupportedModel, match=r"column 'x': got .*(expected|of another type)"):
        pandas_frame.observe(frame)


def test_a_polars_column_that_no_record_can_hold_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedModel, match=r"column 'x': got List\(Int64\), expected numbers"):
        polars_frame.observe(pl.DataFrame({"x": [[1], [2]]}))


def test_a_container_without_columns_is_carafes_own_convention() -> None:
    seen = polars_frame.observe(pl.DataFrame({"x": [1, 2], "w": ["a", None]}))
    signature = Signature(columns=seen.columns, target=TARGET)
    assert_frame_equal(build_table(CARAFE, signature, seen.rows), carafes_own(signature, seen.rows))


@pytest.mark.parametrize("module", [pandas_frame, polars_frame])
def test_a_frame_of_plain_rows_holds_whole_numbers_as_floats(module: Any) -> None:
    frame = module.frame_of([[1, "a", True], [2, "b", False]], ["n", "w", "b"])
    assert next(str(dtype).lower() for dtype in frame.dtypes) == "float64"
    assert frame["n"].to_list() == [1.0, 2.0]
    assert frame["b"].to_list() == [True, False]
