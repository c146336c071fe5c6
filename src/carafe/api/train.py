"""``carafe.train``: a table becomes an evaluated model, and a published version when it is good enough."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from carafe.access.account import account
from carafe.api.answers import Answers
from carafe.api.home import registry_at
from carafe.errors import InvalidRecipe
from carafe.models.container import CARAFE
from carafe.models.flavours.native import NativeModel
from carafe.models.manifest import Confusion, Importance, Metric
from carafe.registry import Promotion, Version
from carafe.schema.exchange import check_name
from carafe.tables import polars_table, read_table
from carafe.training.progress import Progress, silent
from carafe.training.publication import publish_result
from carafe.training.recipe import Data, Recipe
from carafe.training.recipe.changes import Changes, changed
from carafe.training.result import TrainingResult
from carafe.training.run import train as run


def train(  # noqa: PLR0913 - each is one option of the command line, too
    frame: Any,  # noqa: ANN401 - any table, see below
    *,
    target: str | None = None,
    name: str | None = None,
    recipe: Recipe | str | Path | None = None,
    algorithm: str | None = None,
    time_budget: float | None = None,
    cross_validate: int | None = None,
    test_size: float | None = None,
    seed: int | None = None,
    drop: Sequence[str] = (),
    keep_rows: bool | None = None,
    progress: Progress = silent,
) -> TrainedModel:
    """Learn to predict one column of a table, and measure the model on rows that it has not seen.

    Nothing is published: look at the metrics, the warnings and the recipe, then call ``publish``.

    Args:
        frame: a polars or pandas frame, a mapping of columns, a list of records, or the path of a file.
        target: the column to predict. Not needed where a recipe names it.
        name: under which ``publish`` publishes the model, unless it is told another name.
        recipe: every decision, as a Recipe, its TOML, or the path of a ``.toml`` file with it. Other arguments, where
            given, win over what it says.
        algorithm: the name of an algorithm, or ``"auto"``, the default, which compares several.
        time_budget: how many seconds ``"auto"`` may take to compare; 60 by default.
        cross_validate: on how many folds a named algorithm is scored, too; ``"auto"`` always scores on folds.
        test_size: the share of rows that is held out; 0.2 by default.
        seed: the same table, recipe and seed give the same model; 42 by default.
        drop: columns to leave out.
        keep_rows: whether up to 2,000 held-out rows stay with a version that is published, to compare later ones on;
            they do by default.
        progress: is told of each step.

    Raises:
        UnreadableTable: when ``frame`` is no table, or the recipe's file can't be read.
        UnknownColumn: when the table has no such target, or no such column to drop.
        InvalidRecipe: when the recipe or an option can't be obeyed.
        UntrainableTable: when no model can be learnt from the table.
        TrainingFailed: when an algorithm fails on data that passed every check.
    """
    source = str(frame) if isinstance(frame, (str, Path)) else ""
    changes = Changes(
        target=target,
        name=check_name(name) if name else None,
        algorithm=algorithm,
        time_budget=time_budget,
        cross_validate=cross_validate,
        test_size=test_size,
        seed=seed,
        drop=tuple(drop),
        keep_rows=keep_rows,
    )
    chosen = changed(_recipe(recipe, target=target, source=source), changes)
    table = read_table(source, options=chosen.data.read) if source else polars_table(frame)
    result = run(table, recipe=chosen, progress=progress)
    model = NativeModel(estimator=result.estimator, signature=result.signature, container=CARAFE)
    return TrainedModel(model=model, result=result)


def _recipe(recipe: Recipe | str | Path | None, *, target: str | None, source: str) -> Recipe:
    if recipe is None:
        if not target:
            raise InvalidRecipe('which column is to be predicted? Call carafe.train(frame, target="...")')
        return Recipe(data=Data(target=target, source=Path(source).name))
    if isinstance(recipe, Recipe):
        return recipe
    if isinstance(recipe, Path) or recipe.endswith(".toml"):  # no TOML document of a recipe ends so
        return Recipe.from_file(Path(recipe))
    return Recipe.from_toml(recipe)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TrainedModel(Answers):
    """A model that was trained in this process and is not yet published."""

    result: TrainingResult = field(repr=False)
    """All that the run gives back: the fitted pipeline, its decisions, the held-out rows."""

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The figures on the held-out rows beside the baseline's, the main one first."""
        return self.result.metrics

    @property
    def importance(self) -> tuple[Importance, ...]:
        """How much worse the score gets when a column is shuffled, the most important column first."""
        return self.result.importance

    @property
    def confusion(self) -> Confusion | None:
        """For classification: counts of held-out rows by their class and the class they were given."""
        return self.result.confusion

    @property
    def warnings(self) -> tuple[str, ...]:
        """What should be looked at before the model is used: leaks, rows on both sides of the split."""
        return self.result.warnings

    @property
    def recipe(self) -> str:
        """The recipe that was used, every decision filled in, as TOML: trained again it gives the same model."""
        return self.result.recipe.to_toml()

    def __repr__(self) -> str:
        target, choice = self.signature.target.name, self.result.recipe.model.algorithm
        figures = ", ".join(f"{metric.name} {metric.value:.4g}" for metric in self.metrics[:2])
        return f"TrainedModel({target} by {choice}: {figures})"

    def publish(
        self,
        name: str = "",
        *,
        promote: Promotion | str = Promotion.FIRST_ONLY,
        reason: str = "",
        home: str | Path | None = None,
    ) -> Version:
        """Publish it as the next version of the model called ``name``, and return that version.

        Args:
            name: 1 to 64 lower-case letters, digits, ``-``, ``_`` or ``.``; by default the one given to ``train``.
            promote: ``"first-only"``, ``"always"``, or ``"if-better"`` than the champion on the same held-out rows; a
                version that the model's gates refuse is published and not promoted.
            reason: why, for the history; that this account did it is kept with it.
            home: where models are kept; ``CARAFE_HOME``, or ``~/.carafe``, where not given.

        Raises:
            InvalidName: when ``name`` is not well formed.
            InvalidParameter: when ``promote`` is none of these.
        """
        promotion = Promotion.parse(promote)
        name = check_name(name or self.result.recipe.data.name)
        with closing(registry_at(home)) as registry:
            return publish_result(
                self.result, name=name, registry=registry, promote=promotion, by=account(), reason=reason
            )
