"""What becomes of each column: used or left out, and why. Decided on training rows only."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import polars as pl

from carafe.errors import UntrainableTable
from carafe.schema import Column, Kind, Signature, Task
from carafe.tables import ColumnProfile, Leak, Role, count_shared_rows, find_leaks, kind_of, signature_of
from carafe.training.recipe import ColumnRecipe, Features, Missing, Recipe
from carafe.training.recipe.default import default_recipe
from carafe.training.split import Split
from carafe.training.study import Study


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of one column."""

    column: str
    role: str
    used: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The recipe with every column decided, and what a person should know."""

    recipe: Recipe
    decisions: tuple[Decision, ...]
    warnings: tuple[str, ...]


def decide_columns(study: Study, training: pl.DataFrame) -> Plan:
    """Decide every column that the recipe leaves open, as `carafe.training.recipe.default` decides them.

    A column that the recipe names with ``use = true`` is used even if it leaks. Leaks are looked for in the
    ``training`` rows only.

    Raises:
        UntrainableTable: when no column is left.
    """
    given, target = study.recipe, study.recipe.data.target
    leaks = {leak.column: leak for leak in find_leaks(training, study.profile, target, task=study.task)}
    named = {column.name: column for column in given.columns}
    unwanted = [name for name, column in named.items() if not column.use]
    usual = default_recipe(data=given.data, profile=study.profile, leaks=tuple(leaks.values()), drop=unwanted)
    columns = tuple(_merged(study.profile.by_name[c.name], c, named.get(c.name)) for c in usual.columns)
    untouched = given.features == Features() and len(unwanted) == len(named)
    features = usual.features if untouched else given.features
    recipe = msgspec.structs.replace(given, columns=columns, features=features)
    if not recipe.used:
        reasons = "; ".join(f"{column.name}: {column.reason}" for column in columns[:5])
        raise UntrainableTable(f"no column is left to learn {target!r} from ({reasons or 'there is no other column'})")
    return Plan(
        recipe=recipe,
        decisions=tuple(_decision(study.profile.by_name[column.name], column) for column in columns),
        warnings=tuple(_warnings(leaks, recipe)),
    )


def signature_for(study: Study, training: pl.DataFrame, recipe: Recipe) -> Signature:
    """Return the signature of the columns that are used.

    Categories, ranges and classes are those of the ``training`` rows; nullable is what misses a value anywhere.

    Raises:
        UntrainableTable: when the training rows are of one class only.
    """
    signature = signature_of(
        training,
        study.profile,
        target=recipe.data.target,
        task=study.task,
        columns=recipe.used,
        kinds={column.name: column.kind for column in recipe.columns if column.use and column.kind is not None},
    )
    if study.task is Task.CLASSIFICATION and len(signature.target.classes) < 2:
        raise UntrainableTable(f"all {training.height:,} training rows are {signature.target.classes[0]!r}")
    columns = tuple(_ranged(column, training[column.name]) for column in signature.columns)
    return msgspec.structs.replace(signature, columns=columns)


def _merged(column: ColumnProfile, usual: ColumnRecipe, given: ColumnRecipe | None) -> ColumnRecipe:
    """Return what becomes of a column: as the recipe says where it names the column, else as usual."""
    if given is None:
        return usual
    if not given.use:
        return msgspec.structs.replace(given, reason=given.reason or "left out by the recipe")
    if column.role is Role.CONSTANT:
        return msgspec.structs.replace(given, use=False, reason=f"constant: {column.reason}")
    kind = given.kind or kind_of(column.role)
    if kind is Kind.INTEGER and given.missing is Missing.INTERPOLATE:
        kind = Kind.NUMBER  # what lies between two whole numbers need not be whole
    return msgspec.structs.replace(given, kind=kind)


def _decision(column: ColumnProfile, decided: ColumnRecipe) -> Decision:
    reason = decided.reason or column.reason
    role = str(decided.kind) if decided.use else str(column.role)
    return Decision(column=column.name, role=role, used=decided.use, reason=reason)


def _ranged(column: Column, values: pl.Series) -> Column:
    """Return the column with the range that it has in training."""
    if column.kind not in {Kind.NUMBER, Kind.INTEGER}:
        return column
    present = values.cast(pl.Float64).drop_nulls().drop_nans().to_numpy()
    if not len(present):
        return msgspec.structs.replace(column, minimum=None, maximum=None)
    return msgspec.structs.replace(column, minimum=float(present.min()), maximum=float(present.max()))


def _warnings(leaks: dict[str, Leak], recipe: Recipe) -> list[str]:
    warnings = []
    for leak in leaks.values():
        if not leak.drop:
            warnings.append(f"{leak.column}: {leak.reason}")
        elif leak.column in recipe.used:
            warnings.append(f"{leak.column} leaks the target and is used because the recipe says so: {leak.reason}")
        else:
            warnings.append(f"{leak.column} leaks the target and is left out: {leak.reason}")
    return warnings


def shared_rows(typed: pl.DataFrame, split: Split, recipe: Recipe) -> tuple[str, ...]:
    """Return a warning where held-out rows equal training rows in all that the model looks at and in the target."""
    compared = [*recipe.used, recipe.data.target]
    count = count_shared_rows(typed[split.train].select(compared), typed[split.test].select(compared))
    if not count:
        return ()
    share = count / len(split.test)
    return (
        f"{count:,} of {len(split.test):,} held-out rows ({share:.1%}) equal a training row: no evidence for new rows",
    )
