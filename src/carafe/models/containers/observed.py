"""What a sample shows of one column or of a whole table, and how each kind of value is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from carafe.errors import UnsupportedModel
from carafe.models.container import ColumnType, Container
from carafe.schema import Column, Kind, Rows
from carafe.schema.values import EXACT_INTEGER, shown

MAX_EXAMPLE = 100
"""The longest string that is kept as an example."""

MANY = 50
"""Strings with more distinct values than this, most of them met once, are text and no categories."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ObservedColumn:
    """One column as the signature, the container and the rows have it."""

    column: Column
    type: ColumnType
    values: NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Observed:
    """A whole table. ``native`` is the sample in the kind of table that the estimator was fitted on."""

    columns: tuple[Column, ...]
    container: Container
    rows: Rows
    native: Any


def observe_numbers(name: str, values: NDArray[Any], *, dtype: str, kind: Kind) -> ObservedColumn:
    """Look at numbers, integers or booleans as floats with NaN for a missing one.

    Raises:
        UnsupportedModel: when an integer is too large for a double to hold it.
    """
    numbers = np.asarray(values, dtype=np.float64)
    finite = numbers[np.isfinite(numbers)]
    if kind is Kind.INTEGER and len(finite) and np.abs(finite).max() > EXACT_INTEGER:
        raise UnsupportedModel(
            f"column {name!r}: got whole numbers beyond 2^53, which JSON clients can't send exactly; "
            "fit the model on them as strings, or leave them out"
        )
    cast = {Kind.INTEGER: int, Kind.BOOLEAN: bool}.get(kind, float)
    column = Column(
        name=name,
        kind=kind,
        nullable=bool(np.isnan(numbers).any()),
        minimum=float(finite.min()) if len(finite) and kind is not Kind.BOOLEAN else None,
        maximum=float(finite.max()) if len(finite) and kind is not Kind.BOOLEAN else None,
        example=cast(finite[0]) if len(finite) else None,
    )
    return ObservedColumn(column=column, type=ColumnType(dtype=dtype), values=numbers)


def observe_strings(name: str, values: Sequence[str | None], *, type_: ColumnType) -> ObservedColumn:
    """Look at strings, None for a missing one; categories unless they look like free text."""
    present = [value for value in values if value is not None]
    distinct = sorted(set(present))
    text = not type_.categories and len(distinct) > MANY and len(distinct) > len(present) / 2
    column = Column(
        name=name,
        kind=Kind.TEXT if text else Kind.CATEGORY,
        nullable=len(present) < len(values),
        categories=() if text else _categories(distinct, type_),
        example=present[0][:MAX_EXAMPLE] if present else None,
    )
    return ObservedColumn(column=column, type=type_, values=np.array(values, dtype=object))


def observe_datetimes(name: str, values: NDArray[Any], *, dtype: str) -> ObservedColumn:
    """Look at date-times, NaT for a missing one."""
    moments = values.astype("datetime64[us]")
    present = moments[~np.isnat(moments)]
    example = str(present[0]) if len(present) else None
    column = Column(name=name, kind=Kind.DATETIME, nullable=len(present) < len(moments), example=example)
    return ObservedColumn(column=column, type=ColumnType(dtype=dtype), values=moments)


def observe_objects(name: str, values: Sequence[object], *, dtype: str) -> ObservedColumn:
    """Look at Python objects, which must all be of one kind.

    Raises:
        UnsupportedModel: when they are not, or are neither strings, numbers, booleans nor dates.
    """
    present = [value for value in values if not is_missing(value)]
    kinds = {_kind_of(value) for value in present}
    if kinds <= {Kind.CATEGORY}:
        none = any(value is None for value in values)
        texts = [None if is_missing(value) else str(value) for value in values]
        return observe_strings(name, texts, type_=ColumnType(dtype=dtype, none=none))
    if kinds <= {Kind.INTEGER, Kind.NUMBER} or kinds == {Kind.BOOLEAN}:
        kind = next((each for each in (Kind.NUMBER, Kind.INTEGER, Kind.BOOLEAN) if each in kinds), Kind.NUMBER)
        numbers = np.array([np.nan if is_missing(value) else float(value) for value in values])  # type: ignore[arg-type]
        return observe_numbers(name, numbers, dtype=dtype, kind=kind)
    if kinds == {Kind.DATETIME}:
        moments = np.array([_moment(value) for value in values], dtype="datetime64[us]")
        return observe_datetimes(name, moments, dtype=dtype)
    met = ", ".join(sorted({type(value).__name__ for value in present}))
    raise UnsupportedModel(
        f"column {name!r}: got {met} such as {shown(present[0])}, expected only strings, only numbers, only booleans "
        "or only dates; fit the model on a column of one type"
    )


def is_missing(value: object) -> bool:
    """Tell whether a value is None, NaN, NaT or pandas' NA."""
    if value is None:
        return True
    same: object = value == value  # noqa: PLR0124 - NaN and NaT differ from themselves, NA gives NA
    return not isinstance(same, (bool, np.bool_)) or not same


def _categories(distinct: list[str], type_: ColumnType) -> tuple[str | int, ...]:
    if not type_.categories:
        return tuple(distinct)
    if all(isinstance(value, int) and not isinstance(value, bool) for value in type_.categories):
        return tuple(value for value in type_.categories if isinstance(value, int))
    return tuple(str(value) for value in type_.categories)


def _kind_of(value: object) -> Kind | None:
    if isinstance(value, str):
        return Kind.CATEGORY
    if isinstance(value, (bool, np.bool_)):
        return Kind.BOOLEAN
    if isinstance(value, (int, np.integer)):
        return Kind.INTEGER
    if isinstance(value, (float, np.floating)):
        return Kind.NUMBER
    return Kind.DATETIME if isinstance(value, (date, np.datetime64)) else None


def _moment(value: object) -> np.datetime64:
    if isinstance(value, datetime) and value.tzinfo:
        return np.datetime64(value.astimezone(UTC).replace(tzinfo=None), "us")
    return np.datetime64("NaT", "us") if is_missing(value) else np.datetime64(value, "us")  # type: ignore[call-overload]
