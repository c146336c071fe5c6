"""Any frame as a polars table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Sized
from typing import TYPE_CHECKING, Any, TypeAlias

import polars as pl

from carafe.errors import UnreadableTable
from carafe.tables.columns import check_names

if TYPE_CHECKING:
    import narwhals as nw

Table: TypeAlias = pl.DataFrame
"""What a table is in this room, for rooms that only pass it on."""


def polars_table(frame: object) -> pl.DataFrame:
    """Return a polars, pandas or pyarrow frame, a mapping of columns or a list of records as a polars table.

    A column of mixed Python values becomes text. An index is left out.

    Raises:
        UnreadableTable: when it is none of these, an empty list, or its column names come twice.
    """
    if isinstance(frame, pl.DataFrame):
        return frame
    if isinstance(frame, pl.LazyFrame):
        return frame.collect()
    if isinstance(frame, Mapping):
        return _from_columns(frame)
    if isinstance(frame, Sequence) and not isinstance(frame, (str, bytes)) and not frame:
        raise UnreadableTable("got an empty list, expected a list of records: one dictionary a row, at least one row")
    if isinstance(frame, Sequence) and all(isinstance(record, Mapping) for record in frame):
        names = dict.fromkeys(name for record in frame for name in record)
        return _from_columns({name: [record.get(name) for record in frame] for name in names})
    return _from_other(frame)


def _from_other(frame: object) -> pl.DataFrame:
    import narwhals as nw  # noqa: PLC0415 - a polars frame, or a file, needs none of it

    names = getattr(frame, "columns", None)
    if names is not None and hasattr(frame, "dtypes"):  # pandas allows names that are no strings, or come twice
        if not all(isinstance(name, str) for name in names):
            raise UnreadableTable("every column needs a name that is a string: frame.columns = [str(c) for c in ...]")
        check_names(list(names))
    try:
        table = nw.from_native(frame, eager_only=True)  # type: ignore[call-overload]
    except TypeError:
        raise UnreadableTable(
            f"got {type(frame).__name__}, expected a polars, pandas or pyarrow frame, a mapping of columns, "
            "or a list of records"
        ) from None
    return pl.DataFrame([_series(table[name]) for name in table.columns])


def _series(values: nw.Series[Any]) -> pl.Series:
    """Return one column; what polars can't type becomes text where it is plain, and stays an object elsewhere."""
    if str(values.dtype) == "Object":
        return _from_values(values.name, values.to_list())
    return values.to_polars().alias(values.name)


def _from_values(name: str, values: Sequence[object]) -> pl.Series:
    known = [None if _is_missing(value) else value for value in values]
    try:
        return pl.Series(name, known, strict=True)
    except (TypeError, pl.exceptions.PolarsError, OverflowError):
        return pl.Series(name, [None if value is None else str(value) for value in known], dtype=pl.String)


def _is_missing(value: object) -> bool:
    """None, NaN and NaT, which differ from themselves, and pandas' NA, of which nobody can say whether it does."""
    try:
        return value is None or bool(value != value)  # noqa: PLR0124
    except (TypeError, ValueError):  # an array says it of each of its values
        return type(value).__name__ == "NAType"


def _from_columns(columns: Mapping[str, Sequence[object]]) -> pl.DataFrame:
    check_names([str(name) for name in columns])
    for name, values in columns.items():
        if isinstance(values, (str, bytes)) or not isinstance(values, Sized):
            raise UnreadableTable(f"column {name!r}: got {type(values).__name__}, expected a list with one value a row")
    lengths = {str(name): len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name!r} has {length:,}" for name, length in list(lengths.items())[:10])
        raise UnreadableTable(f"columns must have one length: {shown}")
    return pl.DataFrame([_from_values(str(name), list(values)) for name, values in columns.items()])
