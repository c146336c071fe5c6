"""Shadows: versions that are asked what the others were asked, after the answer, by a thread that takes little time.

Nothing that a shadow does reaches an answer. A request that is to be put before one is laid in a short queue; where
that is full, it is dropped. The thread rests after each for a multiple of the time that it worked, because a model that
keeps the interpreter's lock keeps it from the requests of its process.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from functools import partial
from threading import Thread

from carafe.errors import InvalidInput
from carafe.schema import Kind, Prediction, PredictRequest, PredictResponse, Rows
from carafe.schema.refit import refitted
from carafe.serving.difference import Difference, compare
from carafe.serving.observers import Observers, Outcome, Shadowed
from carafe.serving.served import Served
from carafe.serving.shadow_thread import Asked, Running, come_last, giving_way
from carafe.serving.split import Split

MOST_WAITING = 32
"""How many requests wait to be put before shadows; more are dropped."""

MOST_VALUES = 5_000
"""How many values of one request a shadow is asked about; of a larger one it gets the first rows."""

MOST_TEXT = 1_000_000
"""How many characters those may have; a request that has more is dropped."""

LATEST = 5.0
"""After how many seconds a request that still waits is dropped."""

SHARE = 0.02
"""Which part of a core the thread takes at most."""

LEAST_REST = 0.001
"""How many seconds it rests at least after each request."""

PATIENCE = 30.0
"""After how many seconds a shadow that does not answer is given up until the process ends."""

_TEXTS = {Kind.CATEGORY, Kind.TEXT}
_LOG = logging.getLogger("carafe.serving")


class Shadowing:
    """Puts requests before shadows, and tells observers how the answers differ.

    Args:
        observers: are told, with ``shadowed``.
        clock: seconds on a clock that never goes back.
    """

    def __init__(self, *, observers: Observers, clock: Callable[[], float] = time.monotonic) -> None:
        self._observers = observers
        self._clock = clock
        self._running: dict[int, Running] = {}
        self._given_up: set[tuple[str, int]] = set()
        self._closed = False
        self._failing = False

    def offer(self, split: Split, request: PredictRequest, response: PredictResponse) -> None:
        """Put a request before the shadows of its alias some time later; never wait, and never raise."""
        try:
            self._offer(split, request, response)
        except Exception:  # noqa: BLE001 - whatever befalls a shadow, the answer is on its way
            if not self._failing:  # once, not for every request
                _LOG.exception("shadows of %s can't be asked", split.ref)
            self._failing = True

    def stop(self) -> None:
        """End the thread, for good; what waits is forgotten."""
        self._closed = True
        running = self._running.get(os.getpid())
        if running is not None and running.thread is not None:
            running.stopped.set()
            running.waiting.put(None)
            running.thread.join(timeout=1)

    def _offer(self, split: Split, request: PredictRequest, response: PredictResponse) -> None:
        running = self._running.get(os.getpid()) or self._start()
        if self._closed:
            return
        if running.waiting.qsize() >= MOST_WAITING:
            self._look_after(running)
            self._tell_all(split, response, Outcome.DROPPED)
            return
        rows, prediction = request.rows, response.prediction
        most = max(1, MOST_VALUES // max(1, len(response.signature.columns)))
        if rows.count > most:
            rows, prediction = rows.chosen(range(most)), _first(prediction, most)
        if _characters(response, rows) > MOST_TEXT:
            self._tell_all(split, response, Outcome.DROPPED)
            return
        asked = Asked(
            when=self._clock(),
            shadows=split.shadows,
            response=response,
            rows=rows,
            prediction=prediction,
            probabilities=request.probabilities,
        )
        running.waiting.put(asked)

    def _start(self) -> Running:
        running = Running()
        found = self._running.setdefault(os.getpid(), running)  # of two threads that come at once, one starts it
        if found is running and not self._closed:
            try:
                self._begin(running)
            except RuntimeError:  # no further thread can be had now; the next request tries again
                del self._running[os.getpid()]
                raise
        return found

    def _begin(self, running: Running) -> None:
        thread = Thread(target=self._run, args=(running,), name="carafe-shadows", daemon=True)
        thread.start()
        running.thread = thread

    def _look_after(self, running: Running) -> None:
        """Give a shadow up that has not answered for long, and go on with another thread."""
        since, asking = running.since, running.asking
        if since is None or asking is None or self._clock() - since < PATIENCE:
            return
        with running.lock:
            if running.stopped.is_set():
                return
            running.stopped.set()
            self._given_up.add((asking.name, asking.number))
            _LOG.error("the shadow %s has not answered for %d s: it is not asked any more", asking, PATIENCE)
            running.work.interrupt()
            fresh = Running()
            self._begin(fresh)
            self._running[os.getpid()] = fresh

    def _run(self, running: Running) -> None:
        come_last()
        while not running.stopped.is_set() and (asked := running.waiting.get()) is not None:
            began, worked = time.perf_counter(), time.thread_time()
            with giving_way():
                for shadow in asked.shadows:
                    if not running.stopped.is_set():
                        self._put_before(running, asked, shadow)
            lasted, worked = time.perf_counter() - began, time.thread_time() - worked
            running.stopped.wait(max(LEAST_REST, lasted, worked * (1 / SHARE - 1)))
        running.empty()

    def _put_before(self, running: Running, asked: Asked, shadow: Served) -> None:
        began = time.perf_counter()
        difference: Difference | None = None
        if self._clock() - asked.when > LATEST:
            outcome = Outcome.DROPPED
        elif (shadow.name, shadow.number) in self._given_up:
            outcome = Outcome.FAILED
        else:
            try:
                running.since, running.asking = self._clock(), shadow
                difference = running.work.run(partial(_difference, asked, shadow))
                outcome = Outcome.COMPARED
            except InvalidInput:
                outcome = Outcome.REFUSED
            except (Exception, SystemExit):  # noqa: BLE001 - whatever a model's own code raises
                outcome = Outcome.FAILED
                _LOG.debug("the shadow %s failed", shadow, exc_info=True)
            finally:
                running.since = running.asking = None
        self._tell(asked.response, shadow, outcome, seconds=time.perf_counter() - began, difference=difference)

    def _tell_all(self, split: Split, response: PredictResponse, outcome: Outcome) -> None:
        for shadow in split.shadows:
            self._tell(response, shadow, outcome)

    def _tell(
        self,
        response: PredictResponse,
        shadow: Served,
        outcome: Outcome,
        *,
        seconds: float = 0.0,
        difference: Difference | None = None,
    ) -> None:
        self._observers.shadowed(
            Shadowed(
                name=response.name,
                version=response.version,
                shadow=shadow.number,
                outcome=outcome,
                seconds=seconds,
                difference=difference,
            )
        )


def _difference(asked: Asked, shadow: Served) -> Difference:
    """Ask a shadow, and return how its answer differs.

    Raises:
        InvalidInput: when it does another task, or does not take the rows.
    """
    given, wanted = asked.response.signature, shadow.signature
    if given.target.task is not wanted.target.task:
        raise InvalidInput([])
    rows = refitted(asked.rows, given=given, wanted=wanted)
    other = shadow.bare.predict(rows, probabilities=asked.probabilities and shadow.manifest.probabilities)
    if other.count != rows.count:
        raise ValueError(f"{shadow}: got {other.count} answers, expected {rows.count}")
    return compare(asked.prediction, other, given=given, wanted=wanted)


def _first(prediction: Prediction, count: int) -> Prediction:
    """Return the first answers, in lists of their own: a part of an array would keep all of it in memory."""
    part = prediction.part(0, count)
    return Prediction.of_lists(part.listed_values, part.listed_probabilities)


def _characters(response: PredictResponse, rows: Rows) -> int:
    """Return how long the texts are together."""
    texts = [index for index, column in enumerate(response.signature.columns) if column.kind in _TEXTS]
    if rows.records is None:
        return sum(len(value or "") for index in texts for value in rows.columns[index])
    return sum(len(text) for record in rows.records for index in texts if isinstance(text := record[index], str))
