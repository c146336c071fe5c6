"""The profile of a table as the signature of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from carafe.errors import UntrainableTable
from carafe.schema import Column, Kind, Label, Signature, Target, Task
from carafe.tables.cast import cast_frame
from carafe.tables.columns import require_column
from carafe.tables.profile import ColumnProfile, Profile
from carafe.tables.roles import Role, kind_of

MAX_CATEGORIES = 1_000
"""The most categories that a signature lists of a column, the frequent ones first; others are served as unknown."""

FEW_CLASSES = 10
"""Whole numbers with at most this many distinct values are classes, if each stands for some rows."""

ROWS_PER_CLASS = 5
"""How many rows there must be a distinct whole number, on average, before the numbers are classes."""

_WHOLE = r"^-?(?:0|[1-9]\d{0,17})$"


def infer_task(profile: Profile, target: str) -> Task:
    """Return what a model of this target does.

    Strings, truth values, two distinct values, or few distinct whole numbers are classes; other numbers are
    regressed on.

    Raises:
        UnknownColumn: when the profile has no such column.
        UntrainableTable: when the target is constant, a date-time, or of a type that can't be learnt from.
    """
    require_column([column.name for column in profile.columns], target)
    column = profile.by_name[target]
    if column.role in {Role.CONSTANT, Role.IDENTIFIER}:
        raise UntrainableTable(f"the target {target!r} can't be learnt: {column.reason}")
    if column.role is Role.DATETIME:
        raise UntrainableTable(
            f"the target {target!r} holds dates: name a number or a category, such as days until then"
        )
    if column.role not in {Role.NUMERIC, Role.INTEGER}:
        return Task.CLASSIFICATION
    present = profile.rows - column.missing
    few = column.distinct <= FEW_CLASSES and present >= ROWS_PER_CLASS * column.distinct
    if column.distinct == 2 or (column.role is Role.INTEGER and few):
        return Task.CLASSIFICATION
    return Task.REGRESSION


def signature_of(
    frame: pl.DataFrame,
    profile: Profile,
    *,
    target: str,
    task: Task | None = None,
    columns: Sequence[str] | None = None,
    kinds: Mapping[str, Kind] | None = None,
) -> Signature:
    """Return the signature of a model that learns ``target`` from the profile's features, or from ``columns`` of them.

    ``kinds`` replaces what a column's role would give. Ranges, categories and nullability are those of the table.

    Raises:
        UnknownColumn: when the profile lacks a column.
        UntrainableTable: when no column is left, or the target can't be learnt.
    """
    names = [c.name for c in profile.features if c.name != target] if columns is None else list(columns)
    for name in (target, *names):
        require_column([column.name for column in profile.columns], name)
    if not names:
        raise UntrainableTable("no column is left to learn from: all are identifiers, constant, or the target")
    typed = cast_frame(frame, profile)
    chosen = kinds or {}
    features = [profile.by_name[name] for name in names]
    return Signature(
        columns=tuple(_column(typed[c.name], c, chosen.get(c.name) or kind_of(c.role)) for c in features),
        target=_target(typed[target], task or infer_task(profile, target)),
    )


def classes_of(values: pl.Series) -> tuple[Label, ...]:
    """Return the labels of a typed target, in their own type and in order."""
    return tuple(sorted(values.drop_nulls().unique().to_list()))


def _target(values: pl.Series, task: Task) -> Target:
    classes = classes_of(values) if task is Task.CLASSIFICATION else ()
    return Target(name=values.name, task=task, classes=classes)


def _column(values: pl.Series, column: ColumnProfile, kind: Kind) -> Column:
    numbers = kind in {Kind.NUMBER, Kind.INTEGER}
    categories = _categories(values) if kind is Kind.CATEGORY else ()
    return Column(
        name=column.name,
        kind=kind,
        nullable=column.missing > 0,
        categories=categories,
        minimum=column.minimum if numbers and isinstance(column.minimum, float) else None,
        maximum=column.maximum if numbers and isinstance(column.maximum, float) else None,
        example=categories[0] if categories else _example(values.drop_nulls(), kind),
    )


def _categories(values: pl.Series) -> tuple[str | int, ...]:
    counts = values.cast(pl.String).drop_nulls().value_counts(sort=True)
    labels = counts.sort(["count", counts.columns[0]], descending=[True, False])[counts.columns[0]].head(MAX_CATEGORIES)
    if labels.str.contains(_WHOLE).all():
        return tuple(labels.cast(pl.Int64).to_list())
    return tuple(labels.to_list())


def _example(present: pl.Series, kind: Kind) -> Label | None:
    """Return a value to show: the middle one of numbers and dates, else the first."""
    if not len(present):
        return None
    if kind in {Kind.CATEGORY, Kind.TEXT, Kind.BOOLEAN}:
        first: Label = present[0]
        return first
    middle = present.sort()[len(present) // 2]
    shown: Label = middle.isoformat() if kind is Kind.DATETIME else middle
    return shown
