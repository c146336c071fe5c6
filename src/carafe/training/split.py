"""Which rows are held out, and the folds of cross-validation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    StratifiedKFold,
    TimeSeriesSplit,
    train_test_split,
)

from carafe.errors import InvalidRecipe, UntrainableTable
from carafe.schema import Task
from carafe.tables.columns import require_column
from carafe.training.recipe import Recipe, SplitMethod

Index = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Row numbers of the training part and of the hold-out, and how they were chosen.

    Both rise, so rows stay in the table's order; after a split by time they are in the order of time.
    """

    train: Index
    test: Index
    method: SplitMethod


def split_rows(frame: pl.DataFrame, target: NDArray[Any], *, recipe: Recipe) -> Split:
    """Choose the hold-out: the same rows for the same table, recipe and seed.

    ``frame`` has every column of the table, so that a group or a time need not be a feature; ``target`` is (n,).
    ``auto`` is stratified for a classification where every class has at least two rows, else random.

    Raises:
        UntrainableTable: too few rows, classes or groups for the split.
        UnknownColumn: the table has no such group or time column.
    """
    rows = frame.height
    if rows < 2:
        raise UntrainableTable(f"the table has {rows} rows with a target: a hold-out needs at least 2")
    split = recipe.split
    method = _resolved(target, recipe)
    if method is SplitMethod.TIME:
        order, boundary = _by_time(_column(frame, recipe), split.test_size)
        return Split(train=order[:boundary], test=order[boundary:], method=method)
    if method is SplitMethod.GROUP:
        groups = _groups(frame, recipe)
        count = int(groups.max()) + 1
        if count < 2:
            raise UntrainableTable(f"column {split.column!r} has one group only: a split by group needs at least two")
        chooser = GroupShuffleSplit(n_splits=1, test_size=_held(count, split.test_size), random_state=split.seed)
        train, test = next(chooser.split(np.empty(rows), groups=groups))
    else:
        train, test = train_test_split(
            np.arange(rows),
            test_size=_held(rows, split.test_size),
            random_state=split.seed,
            stratify=target if method is SplitMethod.STRATIFIED else None,
        )
    return Split(train=np.sort(train), test=np.sort(test), method=method)


def folds(frame: pl.DataFrame, target: NDArray[Any], *, recipe: Recipe) -> tuple[tuple[Index, Index], ...]:
    """Return the (training, validation) row numbers of each fold, made as the hold-out is made.

    ``frame`` and ``target`` are those of the training part. Where there are fewer rows, groups or members of a class
    than folds, there are fewer folds, at least two.
    """
    count, rows, seed = recipe.split.folds, frame.height, recipe.split.seed
    method = _fold_method(target, recipe)
    features, groups = np.empty((rows, 1)), None
    splitter: Any
    if method is SplitMethod.TIME:
        order = _time_order(_column(frame, recipe))
        return tuple((order[a], order[b]) for a, b in TimeSeriesSplit(_few(count, rows - 1)).split(features))
    if method is SplitMethod.GROUP:
        groups = _groups(frame, recipe)
        splitter = GroupKFold(_few(count, int(groups.max()) + 1), shuffle=True, random_state=seed)
    elif method is SplitMethod.STRATIFIED:
        smallest = int(np.unique(target, return_counts=True)[1].min())
        splitter = StratifiedKFold(_few(count, smallest), shuffle=True, random_state=seed)
    else:
        splitter = KFold(_few(count, rows), shuffle=True, random_state=seed)
    return tuple(splitter.split(features, target, groups))


def _held(count: int, test_size: float) -> int:
    """Return how many rows or groups are held out: at least one, and not all."""
    return min(max(math.ceil(count * test_size), 1), count - 1)


def _few(wanted: int, available: int) -> int:
    if available < 2:
        raise UntrainableTable(f"cross-validation needs at least 2 rows or groups, and there are {available}")
    return min(wanted, available)


def _resolved(target: NDArray[Any], recipe: Recipe) -> SplitMethod:
    method = recipe.split.method
    if method not in {SplitMethod.AUTO, SplitMethod.STRATIFIED}:
        return method
    if recipe.data.task is not Task.CLASSIFICATION:
        if method is SplitMethod.STRATIFIED:
            raise InvalidRecipe('split.method = "stratified" needs classes, and this is not a classification')
        return SplitMethod.RANDOM
    labels, counts = np.unique(target, return_counts=True)
    held = _held(len(target), recipe.split.test_size)
    fits = len(labels) <= min(held, len(target) - held)
    if counts.min() >= 2 and fits:
        return SplitMethod.STRATIFIED
    if method is SplitMethod.AUTO:
        return SplitMethod.RANDOM
    if fits:
        rare = labels[counts.argmin()]
        raise UntrainableTable(f"class {rare!r} has {counts.min()} rows: a stratified split needs at least 2 of each")
    raise UntrainableTable(f"{len(labels)} classes do not fit into a hold-out of {held} rows: hold out more or fewer")


def _fold_method(target: NDArray[Any], recipe: Recipe) -> SplitMethod:
    """Return how folds are made: stratified where the hold-out may be, and each class is in two folds at least."""
    method = recipe.split.method
    if method not in {SplitMethod.AUTO, SplitMethod.STRATIFIED}:
        return method
    if recipe.data.task is not Task.CLASSIFICATION or np.unique(target, return_counts=True)[1].min() < 2:
        return SplitMethod.RANDOM
    return SplitMethod.STRATIFIED


def _column(frame: pl.DataFrame, recipe: Recipe) -> pl.Series:
    name = recipe.split.column or ""
    require_column(frame.columns, name)
    return frame[name]


def _groups(frame: pl.DataFrame, recipe: Recipe) -> Index:
    """Return each row's group as a number from 0; rows without one are one group."""
    ranks = _column(frame, recipe).rank("dense").fill_null(0).to_numpy()
    groups: Index = np.unique(ranks, return_inverse=True)[1].astype(np.intp)
    return groups


def _time_order(times: pl.Series) -> Index:
    order: Index = times.arg_sort(nulls_last=False).to_numpy().astype(np.intp)
    return order


def _by_time(times: pl.Series, test_size: float) -> tuple[Index, int]:
    """Return the rows in order of time and where the hold-out begins; equal times stay together."""
    order = _time_order(times)
    ranks = times.rank("dense").fill_null(0).to_numpy()[order]
    starts = np.flatnonzero(np.diff(ranks)) + 1
    if not len(starts):
        raise UntrainableTable(f"column {times.name!r} has one moment only: a split by time needs at least two")
    wanted = round(len(order) * (1 - test_size))
    return order, int(starts[np.abs(starts - wanted).argmin()])
