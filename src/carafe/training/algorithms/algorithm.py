"""What an algorithm is, and what it may know of the table before it is fitted."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sklearn.compose import TransformedTargetRegressor
from sklearn.preprocessing import StandardScaler

from carafe.schema import Task
from carafe.training.features.parts import Family
from carafe.training.recipe import Parameter

MAX_JOBS = 4
"""The most processor cores that one fit uses."""

CORES_ROWS = 200_000
"""From so many rows on, one fit computes on several cores; on fewer they wait for one another longer than they save.

Libraries that wait by spinning (OpenMP, BLAS) become a hundred times slower on cores that others use, too.
"""

Parameters = Mapping[str, Parameter]

_OWN = frozenset(
    {"random_state", "n_jobs", "verbose", "warm_start", "copy_X", "copy_X_train", "importance_type", "self", "kwargs"}
)
"""What no recipe names: the seed is that of the split, and the rest changes no answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What an algorithm may know before it is fitted."""

    task: Task
    seed: int
    rows: int
    """How many rows it learns from."""
    text_only: bool = False
    """Whether every column is a text, so that the matrix is wide and sparse."""
    smallest_class: int = 0
    """How many rows the rarest class has; 0 for a regression."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """An algorithm for one task.

    ``kind`` chooses the estimator's class, ``defaults`` are Carafe's own parameters where they are not the library's,
    ``wrap`` puts around the estimator what it needs besides.
    """

    kind: Callable[[Parameters, Setting], Any]
    family: Callable[[Setting], Family]
    defaults: Callable[[Setting], dict[str, Parameter]] = lambda _setting: {}
    wrap: Callable[[Any, Setting], Any] = lambda estimator, _setting: estimator
    parallel_from: int | None = None
    """From so many rows on several cores are used; on fewer they wait for one another longer than they save."""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    """Parameters that no recipe changes: they make the same model come out every time."""

    def parameters(self, params: Parameters, setting: Setting) -> frozenset[str]:
        """Return the names of the parameters that a recipe may set."""
        return frozenset(_accepted(self.kind(params, setting))) - _OWN

    def build(self, params: Parameters, setting: Setting) -> Any:  # noqa: ANN401 - scikit-learn ships no types
        """Return the unfitted estimator of resolved parameters."""
        kind = self.kind(params, setting)
        accepted = _accepted(kind)
        given = {**params, **self.fixed}
        if "random_state" in accepted:
            given["random_state"] = setting.seed
        if self.parallel_from is not None:
            given["n_jobs"] = jobs(setting.rows, self.parallel_from)
        return self.wrap(kind(**given), setting)


@dataclass(frozen=True, slots=True, kw_only=True)
class Algorithm:
    """An algorithm by name. ``instead`` is what serves the task that it does not."""

    name: str
    classification: Variant | None = None
    regression: Variant | None = None
    instead: str = ""

    def variant(self, task: Task) -> Variant | None:
        """Return the algorithm for a task, or None."""
        return self.classification if task is Task.CLASSIFICATION else self.regression


def scaled_target(estimator: Any, _setting: Setting) -> Any:  # noqa: ANN401 - scikit-learn ships no types
    """Let the estimator learn a target of mean 0 and deviation 1, where its penalties suit no other unit."""
    return TransformedTargetRegressor(regressor=estimator, transformer=StandardScaler())


def always(value: Any) -> Callable[..., Any]:  # noqa: ANN401 - whatever a variant chooses among
    """Return a choice that does not depend on the table."""
    return lambda *_known: value


def jobs(rows: int, threshold: int = CORES_ROWS) -> int:
    """Return on how many processor cores to compute with so many rows."""
    return min(MAX_JOBS, processors()) if rows >= threshold else 1


def processors() -> int:
    """Return how many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _accepted(kind: Any) -> tuple[str, ...]:  # noqa: ANN401 - an estimator's class
    return tuple(inspect.signature(kind.__init__).parameters)
