"""A table's profile as a recipe, with every decision written down."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from itertools import combinations

import msgspec
import numpy as np
import polars as pl

from carafe.errors import UnknownColumn
from carafe.schema import Kind
from carafe.tables import ColumnProfile, Leak, Profile, Role, infer_task, kind_of
from carafe.training.recipe import ColumnRecipe, Data, Elapsed, Features, Recipe

_ROLES = {
    Kind.NUMBER: Role.NUMERIC,
    Kind.INTEGER: Role.INTEGER,
    Kind.BOOLEAN: Role.BOOLEAN,
    Kind.CATEGORY: Role.CATEGORY,
    Kind.TEXT: Role.TEXT,
    Kind.DATETIME: Role.DATETIME,
}


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
    dropped = tuple(ColumnRecipe(name=column, use=False, reason="dropped on request") for column in drop)
    recipe = complete_recipe(Recipe(data=data, columns=dropped), profile=profile, leaks=leaks)
    return msgspec.structs.replace(recipe, features=Features(elapsed=_elapsed(recipe)))


def complete_recipe(recipe: Recipe, *, profile: Profile, leaks: Sequence[Leak] = ()) -> Recipe:
    """Return the recipe with what it leaves open decided by the table: task, columns not named, their kinds.

    What the recipe says stays; columns come in the table's order.

    Raises:
        UnknownColumn: the recipe names a column that the table does not have.
        UntrainableTable: the target can't be learnt.
    """
    known = [column.name for column in profile.columns]
    named = [recipe.data.target, *(column.name for column in recipe.columns), *recipe.features.sources]
    for name in [*named, *([recipe.split.column] if recipe.split.column else [])]:
        _require(name, known)
    given = {column.name: column for column in recipe.columns}
    leaking = {leak.column: leak for leak in leaks if leak.drop}
    columns = tuple(
        _completed(given.get(column.name), column, leaking.get(column.name))
        for column in profile.columns
        if column.name != recipe.data.target
    )
    task = recipe.data.task or infer_task(profile, recipe.data.target)
    return msgspec.structs.replace(recipe, data=msgspec.structs.replace(recipe.data, task=task), columns=columns)


def chosen_roles(recipe: Recipe) -> dict[str, Role]:
    """Return the role of each input column as the recipe's kinds say, for `carafe.tables.profile.override_roles`."""
    inputs = set(recipe.inputs)
    return {c.name: _ROLES[c.kind] for c in recipe.columns if c.kind is not None and c.name in inputs}


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


def _completed(given: ColumnRecipe | None, column: ColumnProfile, leak: Leak | None) -> ColumnRecipe:
    kind = _kind(column)
    if given is not None:
        return msgspec.structs.replace(given, kind=given.kind or kind)
    if not column.used:
        return ColumnRecipe(name=column.name, use=False, reason=f"{column.role}: {column.reason}", kind=kind)
    if leak is not None:
        return ColumnRecipe(name=column.name, use=False, reason=leak.reason, kind=kind)
    return ColumnRecipe(name=column.name, kind=kind)


def _kind(column: ColumnProfile) -> Kind:
    """Return the column's kind; for one that is left out, the kind it would have if it were used."""
    if column.used:
        return kind_of(column.role)
    whole = bool(column.examples) and all(re.fullmatch(r"-?\d+", example) for example in column.examples)
    return Kind.INTEGER if whole else Kind.CATEGORY


def _elapsed(recipe: Recipe) -> tuple[Elapsed, ...]:
    moments = [column.name for column in recipe.columns if column.use and column.kind is Kind.DATETIME]
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


def _require(name: str, known: list[str]) -> None:
    if name in known:
        return
    near = get_close_matches(name, known, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known[:20])}"
    raise UnknownColumn(f"the recipe names the column {name!r}, and the table has no such column: {hint}")
