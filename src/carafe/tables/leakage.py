"""Features that already hold the answer: known only once it is known, they make a model look better than it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from carafe.schema import Task
from carafe.tables.arithmetic import Sum, SumFinder
from carafe.tables.association import by_group, by_majority, linear, monotone, quantile_codes
from carafe.tables.cast import cast_frame
from carafe.tables.profile import Profile
from carafe.tables.roles import Role
from carafe.tables.signature import infer_task

MINIMUM_ROWS = 30
"""On fewer rows a coincidence looks like a leak."""

SAMPLE_ROWS = 20_000
"""So many rows, evenly spaced, show a leak as well as millions."""

ALMOST_ALL = 0.999
"""A feature that alone explains this share of a number's variance is that number in other words."""

ALMOST_EVERY_CLASS = 0.99
"""A feature that alone avoids this share of the errors is the class in other words."""

ROWS_PER_GROUP = 20
"""Groups must hold so many rows on average: smaller ones tell their own rows by heart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """A column that gives the target away, and why.

    ``drop`` says whether a model should do without the column. Where it is False the finding is for a person to
    judge; ``column`` is the target itself where the target is a sum of features.
    """

    column: str
    reason: str
    drop: bool


def find_leaks(frame: pl.DataFrame, profile: Profile, target: str, *, task: Task | None = None) -> tuple[Leak, ...]:
    """Return the features that alone almost equal the target, or are arithmetic on it, in the table's order.

    Looked for are: numbers that are the target on another scale; categories and whole numbers that stand for it;
    columns that are missing just where the target has one class; totals the target is a part of, as a sum or a
    product. At least one feature is always kept. Text and date-times are not looked at.

    Raises:
        UnknownColumn: when the table has no such target.
        UntrainableTable: when the target is constant or a date-time.
    """
    task = task or infer_task(profile, target)
    typed = cast_frame(frame, profile).filter(pl.col(target).is_not_null())
    typed = typed.gather_every(max(1, -(-typed.height // SAMPLE_ROWS)))
    if typed.height < MINIMUM_ROWS:
        return ()
    features = tuple(column.name for column in profile.features if column.name != target)
    table = _Table(typed=typed, features=features, target=target)
    find = _classification_leaks if task is Task.CLASSIFICATION else _regression_leaks
    return _keep_one(list(find(table, profile)), len(features))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    typed: pl.DataFrame
    features: tuple[str, ...]
    target: str


def _keep_one(leaks: list[Leak], features: int) -> tuple[Leak, ...]:
    if leaks and sum(leak.drop for leak in leaks) >= features:
        leaks = [replace(leak, drop=False, reason=leak.reason + "; kept, there is no other feature") for leak in leaks]
    return tuple(leaks)


def _classification_leaks(table: _Table, profile: Profile) -> Iterator[Leak]:
    classes = _codes(table.typed[table.target])
    for name in table.features:
        values = table.typed[name]
        absent = values.is_null().to_numpy().astype(np.intp)
        if values.null_count() and by_majority(absent, classes) >= ALMOST_EVERY_CLASS:
            yield Leak(column=name, reason=f"it is missing just where {table.target} has one class", drop=True)
            continue
        role = profile.by_name[name].role
        present = values.is_not_null().to_numpy()
        if role in {Role.TEXT, Role.DATETIME} or present.mean() < 0.5 or len(np.unique(classes[present])) < 2:
            continue
        codes = _codes(values.drop_nulls())
        if _grouped(codes):
            if by_majority(codes, classes[present]) >= ALMOST_EVERY_CLASS:
                yield Leak(column=name, reason=f"each of its values has one {table.target}", drop=True)
        elif role in {Role.NUMERIC, Role.INTEGER}:
            parts = quantile_codes(values.drop_nulls().cast(pl.Float64).to_numpy())
            if _grouped(parts) and by_majority(parts, classes[present]) >= ALMOST_EVERY_CLASS:
                reason = f"its range alone tells {table.target}: make sure that it is known before"
                yield Leak(column=name, reason=reason, drop=False)


def _regression_leaks(table: _Table, profile: Profile) -> Iterator[Leak]:
    alone = [leak for name in table.features if (leak := _same_number(table, name, profile.by_name[name].role))]
    yield from alone
    known = {leak.column for leak in alone}
    numeric = [
        name
        for name in table.features
        if profile.by_name[name].role in {Role.NUMERIC, Role.INTEGER} and name not in known
    ]
    yield from _arithmetic_leaks(table, numeric)


def _same_number(table: _Table, name: str, role: Role) -> Leak | None:
    complete = table.typed.select(name, table.target).drop_nulls()
    if complete.height < max(MINIMUM_ROWS, table.typed.height // 2) or role in {Role.TEXT, Role.DATETIME}:
        return None
    aim = complete[table.target].cast(pl.Float64).to_numpy()
    if role in {Role.NUMERIC, Role.INTEGER}:
        values = complete[name].cast(pl.Float64).to_numpy()
        if linear(values, aim) >= ALMOST_ALL:
            return Leak(column=name, reason=f"it is {table.target}, up to scale", drop=True)
        if complete[name].n_unique() > MINIMUM_ROWS and monotone(values, aim) >= ALMOST_ALL:
            return Leak(column=name, reason=f"it puts the rows in the same order as {table.target}", drop=True)
        return None
    codes = _codes(complete[name])
    if _grouped(codes) and by_group(codes, aim) >= ALMOST_ALL:
        return Leak(column=name, reason=f"each of its values has one {table.target}", drop=True)
    return None


def _arithmetic_leaks(table: _Table, numeric: list[str]) -> Iterator[Leak]:
    names = [table.target, *numeric]
    matrix = table.typed.select(pl.col(names).cast(pl.Float64)).drop_nulls().to_numpy()
    if len(names) < 3 or len(matrix) < max(MINIMUM_ROWS, 3 * len(names)):
        return
    totals = list(_totals(matrix, names))
    yield from totals
    known = {leak.column for leak in totals}
    left = [position for position, name in enumerate(names) if name not in known]
    found = SumFinder(matrix[:, left]).find(0)
    if found is not None:
        written = _written(found, [names[position] for position in left], "+", "-")
        reason = f"{written}: arithmetic will do, unless these are not known before"
        yield Leak(column=table.target, reason=reason, drop=False)


def _totals(matrix: NDArray[np.float64], names: list[str]) -> Iterator[Leak]:
    """Yield the columns that are a total of amounts (or a product of positive ones), the target among them."""
    sums = SumFinder(matrix)
    products = SumFinder(np.log(matrix)) if (matrix > 0).all() else None
    amounts = (matrix >= 0).mean(axis=0) >= 0.99
    for position in range(1, len(names)):
        found = sums.find(position, through=0)
        signs = ("+", "-")
        if (found is None or not _is_total(found, amounts)) and products is not None:
            found, signs = products.find(position, through=0), ("*", "/")
            found = found if found is not None and found.extras == 1 else None
        if found is not None and _is_total(found, amounts):
            reason = f"{_written(found, names, *signs)}: it can't be known before {names[0]}"
            yield Leak(column=names[position], reason=reason, drop=True)


def _is_total(found: Sum, amounts: NDArray[np.bool_]) -> bool:
    return all(sign == 1 and amounts[column] for column, sign in found.terms)


def _written(found: Sum, names: list[str], plus: str, minus: str) -> str:
    text = ""
    for column, sign in sorted(found.terms, key=lambda term: -term[1]):
        text += f" {plus if sign > 0 else minus} {names[column]}"
    extras = f" {plus} one of a few amounts" if found.extras > 1 else ""
    return f"{names[found.total]} = {text.removeprefix(f' {plus} ')}{extras}"


def _codes(values: pl.Series) -> NDArray[np.intp]:
    return values.rank("dense").to_numpy().astype(np.intp) - 1


def _grouped(codes: NDArray[np.intp]) -> bool:
    groups = int(codes.max()) + 1
    return groups > 1 and len(codes) >= ROWS_PER_GROUP * groups
