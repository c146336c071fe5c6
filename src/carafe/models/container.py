"""The kind of table an estimator was fitted on, so that serving hands it exactly that kind again."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from carafe.schema import Label


class Shape(StrEnum):
    """What an estimator takes."""

    POLARS = "polars"
    """A polars frame."""
    PANDAS = "pandas"
    """A pandas frame."""
    ARRAY = "array"
    """A two-dimensional numpy array."""
    TEXTS = "texts"
    """A one-dimensional array of strings, as text vectorisers take it."""
    RECORDS = "records"
    """A list of dictionaries, as ``DictVectorizer`` takes it."""


class ColumnType(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """How one column was typed. ``none`` tells that a missing string is None there, and NaN otherwise."""

    dtype: str
    categories: tuple[Label, ...] = ()
    ordered: bool = False
    none: bool = False


class Container(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A table's shape and its columns' types, in signature order.

    A polars container without columns is Carafe's own convention, described in ``carafe.models.frames``. An array
    has one type for all columns.
    """

    shape: Shape
    columns: tuple[ColumnType, ...] = ()


CARAFE = Container(shape=Shape.POLARS)
"""What Carafe's own training fits its pipelines on."""
