"""Parts for numbers, integers and booleans."""

from __future__ import annotations

from sklearn.base import BaseEstimator
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

from carafe.errors import InvalidRecipe
from carafe.models.steps import Bin, Clip, OutlierFlag, ReplaceOutliers
from carafe.schema import Column, Kind
from carafe.training.features.parts import Context, Family, Part, scale_steps
from carafe.training.recipe import Bins, ColumnRecipe, Encode, Missing, Outliers, Scale

_STRATEGIES = {Missing.MEAN: "mean", Missing.MOST_FREQUENT: "most_frequent", Missing.CONSTANT: "constant"}


def number_parts(column: Column, recipe: ColumnRecipe, context: Context) -> list[Part]:
    """Return a part for the value, and one each for its missing flag, its outlier flag and its bins if asked for."""
    parts = []
    if recipe.bins is not None:
        parts.append(_bins(column, recipe, recipe.bins, context.family))
    if recipe.bins is None or recipe.bins.keep:
        parts.append(_value(column, recipe, context.family))
    if flags_missing(recipe, context.family) and not _told_by_bins(recipe):
        parts.append(missing_flag(column.name))
    if recipe.outliers is Outliers.ISOLATE:
        parts.append(_outlier_flag(column, recipe))
    return parts


def flags_missing(recipe: ColumnRecipe, family: Family) -> bool:
    """Whether a flag says where the value was missing."""
    return recipe.missing is Missing.INDICATOR or (recipe.missing is Missing.AUTO and not family.takes_missing)


def _told_by_bins(recipe: ColumnRecipe) -> bool:
    """Whether one of the bins, each a feature of its own, already says that the value was missing."""
    one_hot = recipe.bins is not None and not recipe.bins.keep and recipe.encode is not Encode.ORDINAL
    return one_hot and recipe.missing is Missing.AUTO


def missing_flag(name: str) -> Part:
    """Return the part that flags missing numbers; it has no feature where training rows miss none."""
    return Part(
        name="missing",
        key=None,
        columns=(name,),
        build=missing_indicator,
    )


def missing_indicator() -> MissingIndicator:
    """Return the unfitted step that flags missing numbers where training rows miss some."""
    return MissingIndicator(features="missing-only", error_on_new=False)


def impute_steps(recipe: ColumnRecipe, family: Family, *, boolean: bool = False) -> list[tuple[str, BaseEstimator]]:
    """Return the step that fills missing numbers, or none where the family takes them as they are."""
    if recipe.missing is Missing.NATIVE and not family.takes_missing:
        raise InvalidRecipe(
            f'columns.{recipe.name}.missing = "native": {family} algorithms take no missing values; '
            'choose "auto", which fills them where it must, or a boosting algorithm'
        )
    if family.takes_missing and recipe.missing in {Missing.AUTO, Missing.NATIVE, Missing.INDICATOR}:
        return []
    strategy = _STRATEGIES.get(recipe.missing, "most_frequent" if boolean else "median")
    return [("impute", SimpleImputer(strategy=strategy, fill_value=recipe.fill, keep_empty_features=True))]


def _value(column: Column, recipe: ColumnRecipe, family: Family) -> Part:
    boolean = column.kind is Kind.BOOLEAN
    how = (recipe.missing, recipe.fill, recipe.outliers, recipe.outlier_method, recipe.outlier_factor, recipe.scale)
    return Part(
        name="numbers",
        key=(boolean, *how),
        columns=(column.name,),
        build=lambda: _value_pipeline(recipe, family, boolean=boolean),
    )


def _value_pipeline(recipe: ColumnRecipe, family: Family, *, boolean: bool) -> BaseEstimator | str:
    scale = Scale.NONE if boolean and recipe.scale is Scale.AUTO else recipe.scale
    steps = impute_steps(recipe, family, boolean=boolean) + scale_steps(scale, family)
    if recipe.outliers in {Outliers.CLIP, Outliers.REPLACE}:
        step = Clip if recipe.outliers is Outliers.CLIP else ReplaceOutliers
        steps.insert(0, ("outliers", step(method=str(recipe.outlier_method), factor=recipe.outlier_factor)))
    return Pipeline(steps) if steps else "passthrough"


def _outlier_flag(column: Column, recipe: ColumnRecipe) -> Part:
    return Part(
        name="outliers",
        key=(recipe.outlier_method, recipe.outlier_factor),
        columns=(column.name,),
        build=lambda: OutlierFlag(method=str(recipe.outlier_method), factor=recipe.outlier_factor),
    )


def _bins(column: Column, recipe: ColumnRecipe, bins: Bins, family: Family) -> Part:
    return Part(
        name="bins",
        key=(bins, recipe.encode),
        columns=(column.name,),
        build=lambda: _bin_pipeline(recipe, bins, family),
    )


def _bin_pipeline(recipe: ColumnRecipe, bins: Bins, family: Family) -> BaseEstimator:
    codes = recipe.encode is Encode.ORDINAL
    edges, labels = list(bins.edges) or None, list(bins.labels) or None
    cut = Bin(edges=edges, labels=labels, quantiles=bins.quantiles, codes=codes)
    if codes:
        return cut
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=family.takes_sparse)
    return Pipeline([("cut", cut), ("encode", one_hot)])
