"""A table's profile as a recipe, with every decision written down."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations

import msgspec
import numpy as np
import polars as pl

from carafe.schema import Kind
from carafe.tables import ColumnProfile, Leak, Profile, infer_task, kind_of
from carafe.tables.columns import require_column
from carafe.training.recipe.columns import ColumnRecipe
from carafe.training.recipe.recipe import Recipe
from carafe.training.recipe.sections import Data, Elapsed, Features


def default_recipe(
    *,
    data: Data,
    profile: Profile,
    leaks: Sequence[Leak] = (),
    drop: Sequence[str] = (),
) -> Recipe:
    """Return the recipe that ``carafe init`` writes: each column with its kind, and the reason where it is left out.

    Identifiers, constants, leaks and the columns of ``drop`` are left out. Two or three date-times give the time
    elapsed between them as features.

    Raises:
        UnknownColumn: the table has no such target, or no such column to drop.
        UntrainableTable: the target can't be learnt.
    """
    for name in (data.target, *drop):
        require_column([column.name for column in profile.columns], name)
    leaking = {leak.column: leak.reason for leak in leaks if leak.drop}
    unwanted = leaking | dict.fromkeys(drop, "dropped on request")
    features = [column for column in profile.columns if column.name != data.target]
    columns = tuple(_column(column, unwanted.get(column.name)) for column in features)
    task = data.task or infer_task(profile, data.target)
    return Recipe(
        data=msgspec.structs.replace(data, task=task),
        columns=columns,
        features=Features(elapsed=_elapsed(columns)),
    )


def column_notes(profile: Profile, *, frame: pl.DataFrame | None = None, leaks: Sequence[Leak] = ()) -> dict[str, str]:
    """Return what the table tells of each column, as comments for `Recipe.to_toml`.

    With ``frame``, typed as the profile says, also a hint where 0 may stand for a missing value.
    """
    notes = {column.name: [_facts(column, profile.rows)] for column in profile.columns}
    for leak in leaks:
        if not leak.drop:
            notes[leak.column].append(leak.reason)
    for column in frame.iter_columns() if frame is not None else ():
        if column.name in notes and column.dtype.is_numeric() and zero_stands_apart(column):
            notes[column.name].append("0 lies far below all other values: if it means missing, missing_values = [0]")
    return {name: "\n".join(lines) for name, lines in notes.items()}


def zero_stands_apart(column: pl.Series) -> bool:
    """Whether 0 is the least value and lies further below the next than five times the usual step up from there."""
    values = np.unique(column.drop_nulls().cast(pl.Float64).to_numpy())
    values = values[~np.isnan(values)]
    if len(values) < 10 or values[0] != 0:
        return False
    steps = np.diff(values[1:12])
    return bool(values[1] >= 5 * np.median(steps) and values[1] >= 0.05 * np.median(values))


def _column(column: ColumnProfile, unwanted: str | None) -> ColumnRecipe:
    reason = unwanted or ("" if column.used else f"{column.role}: {column.reason}")
    return ColumnRecipe(name=column.name, use=not reason, reason=reason, kind=_kind(column))


def _kind(column: ColumnProfile) -> Kind:
    """Return the column's kind; for one that is left out, the kind it would have if it were used."""
    if column.used:
        return kind_of(column.role)
    whole = bool(column.examples) and all(re.fullmatch(r"-?\d+", example) for example in column.examples)
    return Kind.INTEGER if whole else Kind.CATEGORY


def _elapsed(columns: Sequence[ColumnRecipe]) -> tuple[Elapsed, ...]:
    moments = [column.name for column in columns if column.use and column.kind is Kind.DATETIME]
    if len(moments) > 3:
        return ()
    return tuple(Elapsed(name=f"{a}_to_{b}", start=a, end=b) for a, b in combinations(moments, 2))


def _facts(column: ColumnProfile, rows: int) -> str:
    facts = [f"{column.role}: {column.reason}"] if column.used else []
    facts.append(f"{column.distinct:,} different")
    if column.missing:
        facts.append(f"{column.missing:,} missing ({column.missing / max(rows, 1):.1%})")
    if column.minimum is not None:
        facts.append(f"{_short(column.minimum)} to {_short(column.maximum)}")
    elif column.examples:
        facts.append("such as " + ", ".join(example[:30] for example in column.examples))
    return "; ".join(facts)


def _short(value: float | str | None) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
