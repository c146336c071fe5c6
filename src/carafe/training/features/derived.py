"""Parts for columns made from others."""

from __future__ import annotations

from collections.abc import Sequence

from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline

from carafe.errors import InvalidRecipe
from carafe.models.steps import Elapsed, Product, Ratio, Sum
from carafe.schema import Kind
from carafe.training.features.numbers import flags_missing, impute_steps, missing_indicator
from carafe.training.features.parts import Context, Part, scale_steps
from carafe.training.recipe import ColumnRecipe, Scale
from carafe.training.recipe.rules import NUMBERS


def derived_parts(context: Context) -> list[Part]:
    """Return a part for each ratio, product, sum and elapsed time that the recipe names, and one for its missing flag.

    They are missing wherever a column they are made from is, and a ratio where its denominator is 0.
    """
    features = context.recipe.features
    made: list[tuple[str, str, BaseEstimator, Sequence[str], frozenset[Kind]]] = []
    made += [("ratio", r.name, Ratio(name=r.name), (r.numerator, r.denominator), NUMBERS) for r in features.ratios]
    made += [("product", p.name, Product(name=p.name), p.factors, NUMBERS) for p in features.products]
    made += [("sum", s.name, Sum(name=s.name), s.terms, NUMBERS) for s in features.sums]
    made += [
        ("elapsed", e.name, Elapsed(name=e.name, unit=str(e.unit)), (e.start, e.end), frozenset({Kind.DATETIME}))
        for e in features.elapsed
    ]
    return [part for entry in made for part in _parts(context, *entry)]


def _parts(
    context: Context, what: str, name: str, step: BaseEstimator, columns: Sequence[str], kinds: frozenset[Kind]
) -> list[Part]:
    for column in columns:
        _check(context, f"features.{what}.{name}", column, kinds)
    recipe = ColumnRecipe(name=name)
    steps = [
        (what, step),
        *impute_steps(recipe, context.family),
        *scale_steps(Scale.AUTO, context.family),
    ]
    parts = [Part(name=what, key=name, columns=tuple(columns), build=lambda: Pipeline(steps))]
    if flags_missing(recipe, context.family):
        flag = Pipeline([(what, clone(step)), ("missing", missing_indicator())])
        parts.append(Part(name=f"{what}_missing", key=name, columns=tuple(columns), build=lambda: flag))
    return parts


def _check(context: Context, key: str, column: str, kinds: frozenset[Kind]) -> None:
    position = context.signature.position.get(column)
    if position is None:
        known = ", ".join(context.signature.names)
        raise InvalidRecipe(f"{key}: there is no column {column!r} among those used: {known}")
    kind = context.signature.columns[position].kind
    if kind not in kinds:
        raise InvalidRecipe(f"{key}: column {column!r} is a {kind}, expected a {' or '.join(sorted(kinds))}")
