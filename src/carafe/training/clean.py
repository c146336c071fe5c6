"""Cleaning the training rows: duplicates, rows with missing values or outliers, interpolation. Never the hold-out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from sklearn.ensemble import IsolationForest
from sklearn.impute import SimpleImputer

from carafe.errors import UntrainableTable
from carafe.models.steps.bounds import learn_bounds
from carafe.models.steps.missing_values import disguised
from carafe.training.recipe import ColumnRecipe, Duplicates, Missing, Outliers, Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """The training rows that remain, and one sentence for each thing that was done or found."""

    frame: pl.DataFrame
    notes: tuple[str, ...]


def clean_training(frame: pl.DataFrame, *, recipe: Recipe) -> Cleaned:
    """Return the training rows, cleaned as the recipe says.

    Only pass training rows, in their order: what stands in the hold-out is to be as messy as what will be served.
    Values are changed by interpolation alone, which makes whole numbers float64; all else is learnt by the pipeline.

    Raises:
        UntrainableTable: when no row is left.
    """
    notes: list[str] = []
    rows = frame.height
    frame = _duplicates(frame, recipe, notes)
    for column in recipe.columns:
        if column.use and column.name in frame.columns:
            frame = _missing(frame, column, notes)
    for column in recipe.columns:
        if column.use and column.name in frame.columns and column.outliers is Outliers.DROP:
            frame = _outliers(frame, column, notes)
    frame = _outlier_rows(frame, recipe, notes)
    if not frame.height:
        raise UntrainableTable(f"cleaning leaves none of {rows} training rows: {'; '.join(notes) or 'there were none'}")
    return Cleaned(frame=frame, notes=tuple(notes))


def _duplicates(frame: pl.DataFrame, recipe: Recipe, notes: list[str]) -> pl.DataFrame:
    if recipe.clean.duplicates is Duplicates.KEEP:
        return frame
    relevant = {*recipe.used, recipe.data.target}
    compared = [name for name in frame.columns if name in relevant]
    distinct = frame.unique(subset=compared, keep="first", maintain_order=True)
    count = frame.height - distinct.height
    if not count:
        return frame
    dropped = recipe.clean.duplicates is Duplicates.DROP
    rows = "1 row equals" if count == 1 else f"{count:,} rows equal"
    notes.append(f"{rows} an earlier one: {'dropped' if dropped else 'kept'}")
    return distinct if dropped else frame


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _missing(frame: pl.DataFrame, column: ColumnRecipe, notes: list[str]) -> pl.DataFrame:
    if column.missing not in {Missing.DROP, Missing.INTERPOLATE}:
        return frame
    known = _known(frame, column)
    count = int(known.is_null().sum())
    if not count:
        return frame
    if column.missing is Missing.DROP:
        notes.append(f"{_rows(count)} without {column.name}: dropped")
        return frame.filter(known.is_not_null())
    filled = known.cast(pl.Float64).interpolate()
    if known.dtype == pl.Boolean:
        filled = filled.round().cast(pl.Boolean)
    notes.append(f"{count - filled.null_count()} missing values of {column.name}: interpolated")
    return frame.with_columns(filled.alias(column.name))


def _known(frame: pl.DataFrame, column: ColumnRecipe) -> pl.Series:
    """Return the column with null wherever a value is missing, in disguise too."""
    series = frame[column.name]
    if series.dtype.is_float():
        series = series.fill_nan(None)
    return series.set(disguised(series, column.missing_values), None) if column.missing_values else series


def _outliers(frame: pl.DataFrame, column: ColumnRecipe, notes: list[str]) -> pl.DataFrame:
    values = _known(frame, column).cast(pl.Float64).fill_null(float("nan")).to_numpy().reshape(-1, 1)
    low, high = learn_bounds(values, method=column.outlier_method, factor=column.outlier_factor, seed=0)
    outside = ((values < low) | (values > high)).ravel()
    count = int(np.count_nonzero(outside))
    if not count:
        return frame
    notes.append(f"{_rows(count)} with {column.name} outside {low[0]:g} to {high[0]:g}: dropped")
    return frame.filter(pl.Series(~outside))


def _outlier_rows(frame: pl.DataFrame, recipe: Recipe, notes: list[str]) -> pl.DataFrame:
    """Drop the share of rows that an isolation forest over all number columns isolates most easily."""
    numbers = [c for c in recipe.columns if c.use and c.name in frame.columns and frame[c.name].dtype.is_numeric()]
    if not recipe.clean.outlier_share or not numbers:
        return frame
    values = np.column_stack([_known(frame, c).cast(pl.Float64).fill_null(float("nan")).to_numpy() for c in numbers])
    filled = SimpleImputer(strategy="median", keep_empty_features=True).fit_transform(values)
    forest = IsolationForest(contamination=recipe.clean.outlier_share, random_state=recipe.split.seed)
    kept = forest.fit_predict(filled) == 1
    notes.append(f"{_rows(int(np.count_nonzero(~kept)))} isolated as outlying in {len(numbers)} columns: dropped")
    return frame.filter(pl.Series(kept))
