"""Fitting one algorithm: the preparer that suits it and the algorithm itself, as one scikit-learn pipeline."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from carafe.errors import CarafeError, TrainingFailed
from carafe.schema import Kind, Signature, Task
from carafe.training.algorithms.algorithm import Setting, jobs
from carafe.training.algorithms.catalogue import build_estimator, family_of, resolve_parameters
from carafe.training.features import build_preparer
from carafe.training.labelled import Labelled
from carafe.training.recipe import Parameter, Recipe

PREPARE, MODEL = "prepare", "model"
"""The names of the two steps of every pipeline that Carafe trains."""

BASELINE = "baseline"
"""The algorithm that every other is compared with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An algorithm and the parameters that a recipe or the portfolio names for it."""

    algorithm: str
    params: Mapping[str, Parameter]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fitted:
    """A fitted pipeline, the parameters it was made with, and what its reader should know."""

    estimator: Any
    params: dict[str, Parameter]
    notes: tuple[str, ...]


def setting_of(recipe: Recipe, signature: Signature, target: NDArray[Any]) -> Setting:
    """Return what an algorithm may know before it is fitted to rows with this target."""
    classes = signature.target.task is Task.CLASSIFICATION
    return Setting(
        task=signature.target.task,
        seed=recipe.split.seed,
        rows=len(target),
        text_only=all(column.kind is Kind.TEXT for column in signature.columns),
        smallest_class=int(np.unique(target, return_counts=True)[1].min()) if classes else 0,
    )


def fit(choice: Choice, data: Labelled, *, recipe: Recipe, params: Mapping[str, Parameter] | None = None) -> Fitted:
    """Fit an algorithm to rows.

    ``params`` are resolved parameters, for a comparison in which every fold is to have the same ones; without them
    they are resolved for these rows. The fitted pipeline predicts on one core.

    Raises:
        InvalidRecipe: an unknown algorithm or parameter, or one that does not serve the task.
        MissingExtra: the algorithm's library can't be loaded.
        TrainingFailed: the algorithm fails on these rows.
    """
    setting = setting_of(recipe, data.signature, data.target)
    resolved = dict(params) if params is not None else resolve_parameters(choice.algorithm, choice.params, setting)
    family = family_of(choice.algorithm, setting)
    steps = [(MODEL, build_estimator(choice.algorithm, resolved, setting))]
    if choice.algorithm != BASELINE:  # which looks at no column, so none is prepared
        steps.insert(0, (PREPARE, build_preparer(recipe=recipe, signature=data.signature, family=family)))
    pipeline = Pipeline(steps)
    frame = data.frame()
    notes = _noted(choice.algorithm, data.count, lambda: pipeline.fit(frame, data.target))
    model = pipeline[MODEL]
    if getattr(model, "n_jobs", None) is not None:
        model.set_params(n_jobs=1)  # on many cores a forest adds up its trees in the order in which they finish
    return Fitted(estimator=pipeline, params=resolved, notes=notes)


def _noted(algorithm: str, rows: int, work: Callable[[], object]) -> tuple[str, ...]:
    """Do the work; return a note where it did not converge; turn what fails into TrainingFailed."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            with threadpool_limits(limits=jobs(rows)):
                work()
        except CarafeError:
            raise
        except (ValueError, TypeError, ArithmeticError, MemoryError, np.linalg.LinAlgError) as error:
            story = str(error).partition("\n")[0]
            raise TrainingFailed(
                f"{algorithm} failed on these rows: {story}; change model.params, or choose another algorithm"
            ) from error
    if any(issubclass(warning.category, ConvergenceWarning) for warning in caught):
        return (f"{algorithm} had not converged when it reached its limit of iterations: raise max_iter",)
    return ()
