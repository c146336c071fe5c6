"""Before anything is learnt: what the table is, which rows have a target, and what is to be predicted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from carafe.errors import UntrainableTable
from carafe.schema import Task
from carafe.tables import Profile, Role, cast_frame, infer_task, profile_table
from carafe.tables.columns import require_column
from carafe.tables.profile import override_roles
from carafe.training.recipe import Recipe

LARGEST = 1e100
"""The largest number that is learnt: beyond, squares and sums of squares overflow."""


@dataclass(frozen=True, kw_only=True)
class Study:
    """A table whose every row has a target, typed; its profile; and the recipe with the task that was recognised."""

    profile: Profile
    read: pl.DataFrame
    """The same rows as they were read, whatever the recipe makes of the columns."""
    typed: pl.DataFrame
    target: NDArray[Any]
    """One label or number a row, shape (n,), in the target's own type."""
    recipe: Recipe
    notes: tuple[str, ...]

    @property
    def task(self) -> Task:
        """What a model of the target does."""
        return Task.REGRESSION if self.recipe.data.task is Task.REGRESSION else Task.CLASSIFICATION


def study_table(frame: pl.DataFrame, *, recipe: Recipe) -> Study:
    """Profile and type a table as the recipe says, leave out rows without a target, and recognise the task.

    Raises:
        UnknownColumn: when the recipe names a column that the table lacks.
        UntrainableTable: when the target can't be learnt.
    """
    name = recipe.data.target
    for column in (name, *(column.name for column in recipe.columns)):
        require_column(frame.columns, column)
    profile = _profile(frame, recipe)
    known = cast_frame(frame, profile)[name].is_not_null()
    without = len(known) - int(known.sum())
    notes = []
    if without:
        frame = frame.filter(known)
        _require_rows(frame.height, name)
        profile = _profile(frame, recipe)
        notes.append(
            f"1 row without {name} is left out" if without == 1 else f"{without:,} rows without {name} are left out"
        )
    typed = cast_frame(frame, profile)
    task = recipe.data.task or infer_task(profile, name)
    if task is Task.CLASSIFICATION and recipe.data.task is None and _has_fractions(typed[name]):
        task = Task.REGRESSION
        notes.append(f"{name} holds two fractions, which are numbers to learn and no labels")
    target = labels_of(typed[name], task)
    _check_target(target, task, name)
    data = msgspec.structs.replace(recipe.data, task=task)
    recipe = msgspec.structs.replace(recipe, data=data)
    return Study(profile=profile, read=frame, typed=typed, target=target, recipe=recipe, notes=tuple(notes))


def labels_of(values: pl.Series, task: Task) -> NDArray[Any]:
    """Return a typed target as an array: float64 for a regression, else in the labels' own type.

    Raises:
        UntrainableTable: when numbers are asked of what are none, or labels of fractions.
    """
    if task is Task.CLASSIFICATION:
        if _has_fractions(values):
            raise UntrainableTable(f"{values.name!r} holds fractions, which are no labels: learn it as a regression")
        return np.array(values.to_list())
    if not values.dtype.is_numeric():
        raise UntrainableTable(
            f"a regression needs numbers, and {values.name!r} holds {values.dtype}: try {values[0]!r}"
        )
    return values.cast(pl.Float64).to_numpy().astype(np.float64)


def _has_fractions(values: pl.Series) -> bool:
    return values.dtype.is_float() and bool((values != values.round()).any())


def _profile(frame: pl.DataFrame, recipe: Recipe) -> Profile:
    profile = profile_table(frame, target=recipe.data.target)
    return override_roles(frame, profile, _chosen_roles(profile, recipe))


def _chosen_roles(profile: Profile, recipe: Recipe) -> Mapping[str, Role]:
    """Return the roles that the recipe gives: a kind that it names, and a use for an identifier that it wants used."""
    roles = {}
    for column in recipe.columns:
        if not column.use:
            continue
        if column.kind is not None:
            roles[column.name] = Role(column.kind.value)
        elif profile.by_name[column.name].role is Role.IDENTIFIER:
            roles[column.name] = Role.CATEGORY
    return roles


def _require_rows(rows: int, name: str) -> None:
    if not rows:
        raise UntrainableTable(f"no row has a value of the target {name!r}")


def _check_target(target: NDArray[Any], task: Task, name: str) -> None:
    if task is Task.REGRESSION and np.abs(target).max() > LARGEST:
        raise UntrainableTable(f"the target {name!r} holds numbers above {LARGEST:g}: give it in a larger unit")
    distinct = len(np.unique(target))
    if distinct < 2:
        raise UntrainableTable(f"the target {name!r} has the same value in every row: there is nothing to learn")
    if task is Task.CLASSIFICATION and distinct > 2 and distinct * 2 > len(target):
        raise UntrainableTable(
            f"the target {name!r} has {distinct:,} different labels in {len(target):,} rows: most come once, and "
            "a label seen once can't be learnt; name another target, or group the labels"
        )
