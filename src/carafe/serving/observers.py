"""Hooks for whoever wants to know what serving does: metrics, logs, drift. All do nothing by default."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import msgspec

from carafe.errors import CarafeError
from carafe.schema import ModelRef, PredictRequest, PredictResponse
from carafe.serving.difference import Difference
from carafe.serving.served import Served

_LOG = logging.getLogger("carafe.serving")


class Answered(msgspec.Struct, frozen=True, kw_only=True, eq=False, gc=False):
    """A request that was answered: what was asked, what came out, and how long the model took."""

    request: PredictRequest
    response: PredictResponse
    seconds: float


class Finished(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An HTTP request that was answered, whatever the answer. It is a Struct because one is made for each request."""

    route: str | None
    """The path as the route table writes it, such as ``/models/<name>/predict``; None where the table has none."""
    method: str
    """As it came: a client may write anything here."""
    status: int
    seconds: float
    """From the first line of Carafe that saw the request to the last."""
    request_id: str
    path: str = ""
    """As it came, without the query: a client may write anything here."""
    protocol: str = "native"
    """The short name of what was spoken: native, or table for tables of any length."""
    slug: str | None = None
    """What went wrong, as the problem document names it; None where nothing did."""
    key: str | None = None
    """The identifier of the key that was proved; never its text."""
    peer: str = ""
    """The address that the connection came from."""
    asked: ModelRef | None = None
    """The alias or version that was asked for a prediction, the default's where the request named none; None where
    something else was asked."""
    served: Served | None = None
    """The version that was asked; None where the request did not get so far."""
    rows: int = 0
    unseen: int = 0
    """How many category values the version had never met."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a model that answers waiting requests together; an idle one runs for a single request."""

    name: str
    number: int
    requests: int
    """How many requests were answered or failed by it."""
    rows: int
    """How many rows those had."""
    waiting: int
    """How many requests still waited when it had ended, beside the one that leads the next run."""
    waited: float
    """How long the request that waited longest for this run did so, in seconds; microseconds where none had to."""
    seconds: float
    """How long it took, the repetitions that found a bad row included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A look into the cache of answers for the rows of one request."""

    name: str
    number: int
    hits: int
    """How many rows had been answered before."""
    misses: int
    """How many the model had to be asked about."""


class Outcome(StrEnum):
    """What came of a request that was to be put before a shadow."""

    COMPARED = "compared"
    REFUSED = "refused"
    """Its rows do not fit the shadow's signature, or it does another task."""
    FAILED = "failed"
    DROPPED = "dropped"
    """The shadow was not asked: too many requests waited, or this one was too old or too large."""


class Shadowed(msgspec.Struct, frozen=True, kw_only=True):
    """A request that one version answered and another, its shadow, was asked about afterwards."""

    name: str
    version: int
    """The version that answered."""
    shadow: int
    """The version that was asked along."""
    outcome: Outcome
    seconds: float = 0.0
    """How long the shadow took."""
    difference: Difference | None = None
    """How the answers differ; None where they were not compared."""


class Observer:
    """Override what interests you. Hooks run on the request's thread: be quick. What they raise is logged, not felt."""

    def answered(self, event: Answered) -> None:
        """Learn that a version answered, itself or out of its cache; ``looked`` tells how much came from there."""

    def finished(self, event: Finished) -> None:
        """Learn that an HTTP request was answered, be it with a prediction, a page or a problem; once for each."""

    def met_unseen(self, event: Answered) -> None:
        """Learn that a version answered rows with category values that training had not met."""

    def failed(self, served: Served, error: CarafeError) -> None:
        """Learn that a version failed on rows that passed validation."""

    def loaded(self, served: Served, seconds: float) -> None:
        """Learn that a version was loaded and verified."""

    def dropped(self, served: Served) -> None:
        """Learn that a loaded version was let go of; requests that hold it finish with it."""

    def load_failed(self, name: str, number: int, error: CarafeError) -> None:
        """Learn that a version could not be loaded."""

    def misfit(self, ref: ModelRef, number: int, error: CarafeError) -> None:
        """Learn that an alias goes without a version that does not fit beside its others; nothing is wrong with it.

        Whoever asks for the alias waits for this hook, and for ``fits``: return at once.
        """

    def fits(self, ref: ModelRef) -> None:
        """Learn that all versions that an alias points at fit beside each other, after one was a misfit."""

    def ran(self, event: Run) -> None:
        """Learn that a model that answers requests together has run. Models that are called directly tell nothing."""

    def turned_away(self, name: str, number: int, error: CarafeError) -> None:
        """Learn that a request never reached the model: too many waited, it waited too long, or its time was over."""

    def looked(self, event: Looked) -> None:
        """Learn how many rows of a request were found in the cache; only where the model's answers are cached."""

    def cache_lost(self, error: Exception) -> None:
        """Learn that the shared cache does not answer and is left alone for some seconds; nothing else changes."""

    def shadowed(self, event: Shadowed) -> None:
        """Learn what came of a request that was put before a shadow: on a thread of its own, unless it was dropped."""

    def swapped(self, alias: str, old: Served, new: Served) -> None:
        """Learn that an alias answers with another version from now on."""


_Event = TypeVar("_Event")


class Observers:
    """All observers of a process; one that raises harms neither the answer nor the others.

    What happens with every request is told by ``answered``, ``finished``, ``ran`` and ``looked``, which cost nothing
    where no observer overrides the hook; ``tell`` is for what is rare.
    """

    __slots__ = ("_answered", "_finished", "_looked", "_ran", "_shadowed", "each")

    def __init__(self, each: Iterable[Observer] = ()) -> None:
        self.each = tuple(each)
        self._answered = tuple(one.answered for one in self.each if type(one).answered is not Observer.answered)
        self._finished = tuple(one.finished for one in self.each if type(one).finished is not Observer.finished)
        self._ran = tuple(one.ran for one in self.each if type(one).ran is not Observer.ran)
        self._looked = tuple(one.looked for one in self.each if type(one).looked is not Observer.looked)
        self._shadowed = tuple(one.shadowed for one in self.each if type(one).shadowed is not Observer.shadowed)

    @classmethod
    def of(cls, observers: Sequence[Observer]) -> Observers:
        """Gather observers."""
        return cls(observers)

    @property
    def hear_answered(self) -> bool:
        """Whether anybody wants to know of answers; where nobody does, the event need not be made."""
        return bool(self._answered)

    @property
    def hear_finished(self) -> bool:
        """Whether anybody wants to know of requests; where nobody does, the event need not be made."""
        return bool(self._finished)

    @property
    def hear_ran(self) -> bool:
        """Whether anybody wants to know of runs; where nobody does, the event need not be made."""
        return bool(self._ran)

    @property
    def hear_looked(self) -> bool:
        """Whether anybody wants to know of looks into a cache; where nobody does, the event need not be made."""
        return bool(self._looked)

    def answered(self, event: Answered) -> None:
        """Tell that a version answered."""
        _tell(self._answered, event)

    def finished(self, event: Finished) -> None:
        """Tell that an HTTP request was answered."""
        _tell(self._finished, event)

    def ran(self, event: Run) -> None:
        """Tell that a model ran for one or more requests."""
        _tell(self._ran, event)

    def looked(self, event: Looked) -> None:
        """Tell that rows were looked for in a cache."""
        _tell(self._looked, event)

    def shadowed(self, event: Shadowed) -> None:
        """Tell what came of a request that was put before a shadow."""
        _tell(self._shadowed, event)

    def tell(self, hook: Callable[[Observer], None]) -> None:
        """Call ``hook`` with every observer."""
        for observer in self.each:
            try:
                hook(observer)
            except Exception:  # noqa: BLE001 - an observer's fault is its own
                _log_fault(observer)


def _tell(hooks: Iterable[Callable[[_Event], None]], event: _Event) -> None:
    for hook in hooks:
        try:
            hook(event)
        except Exception:  # noqa: BLE001 - an observer's fault is its own
            _log_fault(getattr(hook, "__self__", hook))


def _log_fault(observer: object) -> None:
    _LOG.exception("the observer %s failed", type(observer).__name__)
