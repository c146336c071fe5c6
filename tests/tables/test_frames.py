from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest

from carafe.errors import UnreadableTable
from carafe.tables import polars_table


def test_a_pandas_frame_keeps_its_types_and_its_gaps() -> None:
    frame = pd.DataFrame(
        {
            "n": [1, 2],
            "x": [1.5, float("nan")],
            "word": ["a", None],
            "mixed": [1, "a"],
            "yes": [True, False],
            "c": pd.Categorical(["u", "v"]),
            "i": pd.array([1, None], dtype="Int64"),
            "t": pd.to_datetime(["2024-05-01", None]),
        },
        index=[7, 9],
    )
    table = polars_table(frame)
    assert table.columns == list(frame.columns)
    assert table["n"].to_list() == [1, 2]
    assert table["x"].fill_nan(None).to_list() == [1.5, None]
    assert table["word"].to_list() == ["a", None]
    assert table["mixed"].to_list() == ["1", "a"]
    assert table["yes"].dtype == pl.Boolean
    assert table["c"].cast(pl.String).to_list() == ["u", "v"]
    assert table["i"].to_list() == [1, None]
    assert table["t"].to_list() == [datetime.fromisoformat("2024-05-01"), None]


def test_records_and_columns_become_tables() -> None:
    expected = {"a": [1, 2], "b": ["x", None]}
    assert polars_table([{"a": 1, "b": "x"}, {"a": 2}]).to_dict(as_series=False) == expected
    assert polars_table({"a": [1, 2], "b": ["x", None]}).to_dict(as_series=False) == expected
    assert polars_table(pl.DataFrame(expected).lazy()).to_dict(as_series=False) == expected


def test_names_that_come_twice_or_are_no_strings_are_refused() -> None:
    with pytest.raises(UnreadableTable, match="come more than once: 'a'"):
        polars_table(pd.DataFrame([[1, 2]], columns=["a", "a"]))
    with pytest.raises(UnreadableTable, match="needs a name that is a string"):
        polars_table(pd.DataFrame([[1, 2]]))


def test_an_empty_list_is_told_as_one() -> None:
    with pytest.raises(UnreadableTable, match=r"got an empty list, expected a list of records.*at least one row"):
        polars_table([])


def test_a_single_value_is_no_column() -> None:
    for value in (5, "abc", b"abc", None):
        with pytest.raises(UnreadableTable, match=r"column 'a': got \w+, expected a list with one value a row"):
            polars_table({"a": value})
    with pytest.raises(UnreadableTable, match="these come more than once: '1'"):
        polars_table({1: [2], "1": [3]})


def test_missing_values_of_every_library_are_missing_and_an_array_is_none() -> None:
    missing = [None, float("nan"), np.datetime64("NaT"), pd.NaT, pd.NA]
    table = polars_table([{"a": value, "b": np.array([1, 2])} for value in missing])
    assert table["a"].null_count() == len(missing)
    assert table["b"].null_count() == 0


def test_columns_of_unequal_length_are_refused() -> None:
    with pytest.raises(UnreadableTable, match="length"):
        polars_table({"a": [1, 2], "b": [1]})
