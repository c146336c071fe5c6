"""What a recipe can't ask for: ranges, and steps that contradict each other or a column's kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from carafe.errors import InvalidRecipe
from carafe.schema import Kind
from carafe.training.recipe.columns import Bins, ColumnRecipe, Encode, Missing, Outliers, Scale, Text
from carafe.training.recipe.sections import Clean, Features, ModelChoice, Split, SplitMethod

FORMAT = 1
"""The number of this recipe format."""

NUMBERS = frozenset({Kind.NUMBER, Kind.INTEGER, Kind.BOOLEAN})
"""The kinds that are numbers to a pipeline."""

_ALL = frozenset(Kind)

_NEEDS_NUMBERS = frozenset({Missing.MEAN, Missing.MEDIAN, Missing.NATIVE})


def check_recipe(
    *,
    format_number: int,
    target: str,
    clean: Clean,
    split: Split,
    model: ModelChoice,
    columns: Sequence[ColumnRecipe],
    features: Features,
) -> None:
    """Raise InvalidRecipe unless the parts hold by themselves and together."""
    if format_number != FORMAT:
        raise InvalidRecipe(f"format: got {format_number}, expected {FORMAT}; a newer Carafe may read this recipe")
    _check_split(split)
    if not 0 <= clean.outlier_share <= 0.5:
        raise InvalidRecipe(f"clean.outlier_share: got {clean.outlier_share}, expected a share from 0 to 0.5")
    if not model.time_budget > 0:
        raise InvalidRecipe(f"model.time_budget: got {model.time_budget}, expected a number of seconds above 0")
    for name, count in Counter(column.name for column in columns).items():
        if count > 1:
            raise InvalidRecipe(f"columns.{name}: named {count} times, expected once")
        if name == target:
            raise InvalidRecipe(f"columns.{name}: this is the target, which is no feature; take the column out")
    for column in columns:
        _check_column(column)
        if column.kind is not None and column.use:
            check_kind(column, column.kind)
    _check_features(features, target)


def check_kind(column: ColumnRecipe, kind: Kind) -> None:
    """Raise InvalidRecipe when a step does not suit the kind of column."""
    asked: tuple[tuple[str, bool, frozenset[Kind]], ...] = (
        ("missing", column.missing not in {Missing.AUTO, Missing.DROP}, _ALL - {Kind.TEXT}),
        ("missing", column.missing in _NEEDS_NUMBERS, NUMBERS | {Kind.DATETIME}),
        ("missing", column.missing is Missing.INTERPOLATE, NUMBERS),
        ("fill", column.fill is not None, NUMBERS | {Kind.CATEGORY}),
        ("missing_values", bool(column.missing_values), _ALL - {Kind.DATETIME}),
        ("outliers", column.outliers is not Outliers.NONE, NUMBERS),
        ("scale", column.scale is not Scale.AUTO, NUMBERS | {Kind.DATETIME}),
        ("encode", column.encode is not Encode.AUTO and column.bins is None, frozenset({Kind.CATEGORY})),
        ("bins", column.bins is not None, NUMBERS),
        ("dates", column.dates is not None, frozenset({Kind.DATETIME})),
        ("text", column.text is not None, frozenset({Kind.TEXT})),
    )
    for name, given, kinds in asked:
        if given and kind not in kinds:
            suited = " or ".join(k for k in Kind if k in kinds)
            raise InvalidRecipe(f"columns.{column.name}.{name}: this suits a column of kind {suited}, not {kind}")
    if kind in NUMBERS and (isinstance(column.fill, str) or any(isinstance(v, str) for v in column.missing_values)):
        raise InvalidRecipe(
            f"columns.{column.name}: fill and missing_values must be numbers in a column of kind {kind}"
        )


def _check_split(split: Split) -> None:
    if not 0 < split.test_size < 1:
        raise InvalidRecipe(f"split.test_size: got {split.test_size}, expected a share between 0 and 1, such as 0.2")
    if not 0 <= split.seed < 2**32:
        raise InvalidRecipe(f"split.seed: got {split.seed}, expected a whole number from 0 to 4294967295")
    if split.folds < 2:
        raise InvalidRecipe(f"split.folds: got {split.folds}, expected 2 or more")
    if split.method in {SplitMethod.GROUP, SplitMethod.TIME} and split.column is None:
        raise InvalidRecipe(f'split.column: nothing came, and method = "{split.method}" needs the name of a column')


def _check_column(column: ColumnRecipe) -> None:
    key = f"columns.{column.name}"
    if (column.missing is Missing.CONSTANT) != (column.fill is not None):
        raise InvalidRecipe(f'{key}: missing = "constant" and fill = VALUE belong together, and only one of them came')
    if column.outlier_factor is not None and not column.outlier_factor > 0:
        raise InvalidRecipe(f"{key}.outlier_factor: got {column.outlier_factor}, expected a number above 0")
    if column.dates is not None and not column.dates:
        raise InvalidRecipe(f"{key}.dates: got an empty list, expected at least one part, such as month")
    if column.encode is Encode.TARGET and column.bins is not None:
        raise InvalidRecipe(f'{key}.encode: got "target", expected "one-hot" or "ordinal" for bins')
    if column.bins is not None:
        _check_bins(f"{key}.bins", column.bins)
    if column.text is not None:
        _check_text(f"{key}.text", column.text)


def _check_bins(key: str, bins: Bins) -> None:
    if bool(bins.edges) == (bins.quantiles is not None):
        raise InvalidRecipe(f"{key}: expected either edges, such as [0, 18, 30, 60, 100], or quantiles, such as 4")
    if bins.quantiles is not None and not 2 <= bins.quantiles <= 100:
        raise InvalidRecipe(f"{key}.quantiles: got {bins.quantiles}, expected a whole number from 2 to 100")
    if bins.edges and (len(bins.edges) < 2 or not all(low < high for low, high in pairwise(bins.edges))):
        raise InvalidRecipe(f"{key}.edges: got {list(bins.edges)}, expected two or more numbers, each above the last")
    count = bins.quantiles or len(bins.edges) - 1
    if bins.labels and (len(bins.labels) != count or len(set(bins.labels)) != count):
        raise InvalidRecipe(f"{key}.labels: got {list(bins.labels)}, expected {count} different labels, one a bin")


def _check_text(key: str, text: Text) -> None:
    if text.words is not None and not 1 <= text.words[0] <= text.words[1] <= 5:
        raise InvalidRecipe(f"{key}.words: got {list(text.words)}, expected [shortest, longest], each from 1 to 5")
    if text.minimum_rows is not None and text.minimum_rows < 1:
        raise InvalidRecipe(f"{key}.minimum_rows: got {text.minimum_rows}, expected 1 or more")
    if text.maximum_features is not None and text.maximum_features < 1:
        raise InvalidRecipe(f"{key}.maximum_features: got {text.maximum_features}, expected 1 or more")


def _check_features(features: Features, target: str) -> None:
    if target in features.sources:
        raise InvalidRecipe(f"features: column {target!r} is the target; a feature made from it would give it away")
    names = [
        made.name for kind in (features.ratios, features.products, features.sums, features.elapsed) for made in kind
    ]
    for name, count in Counter(names).items():
        if count > 1:
            raise InvalidRecipe(f"features: {count} features are called {name!r}, expected different names")
    for key, short in (
        ("products", [product.name for product in features.products if len(product.factors) < 2]),
        ("sums", [total.name for total in features.sums if len(total.terms) < 2]),
    ):
        if short:
            raise InvalidRecipe(f"features.{key}: {short[0]!r} names one column or none, expected two or more")
