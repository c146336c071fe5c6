"""Hooks for whoever wants to know what serving does: metrics, logs, drift. All do nothing by default."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from carafe.errors import CarafeError
from carafe.schema import PredictRequest, PredictResponse
from carafe.serving.served import Served

_LOG = logging.getLogger("carafe.serving")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A request that was answered: what was asked, what came out, and how long the model took."""

    request: PredictRequest
    response: PredictResponse
    seconds: float


class Observer:
    """Override what interests you. Hooks run on the request's thread: be quick. What they raise is logged, not felt."""

    def answered(self, event: Answered) -> None:
        """Learn that a request was answered."""

    def failed(self, served: Served, error: CarafeError) -> None:
        """Learn that a version failed on rows that passed validation."""

    def loaded(self, served: Served, seconds: float) -> None:
        """Learn that a version was loaded and verified."""

    def load_failed(self, name: str, number: int, error: CarafeError) -> None:
        """Learn that a version could not be loaded."""

    def swapped(self, alias: str, old: Served, new: Served) -> None:
        """Learn that an alias answers with another version from now on."""


@dataclass(frozen=True, slots=True)
class Observers:
    """All observers of a process; one that raises harms neither the answer nor the others."""

    each: tuple[Observer, ...] = ()

    @classmethod
    def of(cls, observers: Sequence[Observer]) -> Observers:
        """Gather observers."""
        return cls(tuple(observers))

    def tell(self, hook: Callable[[Observer], None]) -> None:
        """Call ``hook`` with every observer."""
        for observer in self.each:
            try:
                hook(observer)
            except Exception:  # noqa: BLE001 - an observer's fault is its own
                _LOG.exception("the observer %s failed", type(observer).__name__)
