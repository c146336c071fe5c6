"""A sampled record of rows and answers, to see drift by. Off unless asked for, because rows may be personal data."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from random import random, sample

import msgspec
import numpy as np

from carafe.monitoring.sample_files import SampleFiles
from carafe.schema import Label, Prediction, Rows, Signature
from carafe.schema.rows import records_of
from carafe.serving import Answered, Observer

MOST_ROWS = 100
"""How many rows of one request are recorded, chosen at random where it has more."""

MOST_WAITING = 1000
"""How many requests wait to be written; more are dropped, and counted."""

WRITTEN, DROPPED = "written", "dropped"


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One row that was asked about, and what was answered."""

    time: datetime
    request: str
    """The request's identifier; empty where it had none."""
    rows: int
    """How many rows the request had."""
    record: tuple[bool | int | float | str | None, ...]
    """The row in signature order: numbers, booleans, texts, microseconds since 1970, None = missing."""
    prediction: Label | float
    """The label, or the number in the unit of the training target."""
    probabilities: tuple[float, ...] | None = None
    """In the order of the target's classes; None where they were not asked for."""


class _Chosen(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is kept of an answered request until it is written: nothing that holds on to more rows than are written."""

    when: float
    name: str
    version: int
    signature: Signature
    request: str
    count: int
    """How many rows the request had."""
    rows: Rows
    prediction: Prediction


class Sampler(Observer):
    """Keeps rows and answers of some requests; a request that is not chosen pays for one comparison.

    Args:
        rate: which share of the requests is chosen, between 0 and 1.
        files: where they are kept.
        count: told how many rows were WRITTEN or DROPPED.
        wake: called when much waits to be written.
    """

    def __init__(
        self,
        *,
        rate: float,
        files: SampleFiles,
        count: Callable[[str, int], None],
        wake: Callable[[], object] = lambda: None,
    ) -> None:
        self._rate = rate
        self._files = files
        self._count = count
        self._wake = wake
        self._waiting: deque[_Chosen] = deque()

    def answered(self, event: Answered) -> None:
        """Keep a request that is chosen until it is written."""
        if random() >= self._rate:  # noqa: S311 - nothing secret
            return
        rows, prediction = event.request.rows, event.response.prediction
        if len(self._waiting) >= MOST_WAITING:
            self._count(DROPPED, min(rows.count, MOST_ROWS))
            return
        if rows.count > MOST_ROWS:  # now, so that no large request is kept in memory
            rows, prediction = _some(rows, prediction)
        chosen = _Chosen(
            when=time.time(),
            name=event.response.name,
            version=event.response.version,
            signature=event.response.signature,
            request=event.request.id,
            count=event.request.rows.count,
            rows=rows,
            prediction=prediction,
        )
        self._waiting.append(chosen)
        if len(self._waiting) == MOST_WAITING // 2:
            self._wake()

    def round(self) -> None:
        """Write what waits, and let go of what is too old or too much.

        Raises:
            OSError: when it can't be written; what waited is dropped.
        """
        lines: dict[tuple[str, int], list[bytes]] = {}
        while self._waiting:
            chosen = self._waiting.popleft()
            lines.setdefault((chosen.name, chosen.version), []).extend(map(encode_sample, _samples(chosen)))
        failed: OSError | None = None
        for (name, number), these in lines.items():
            try:
                self._files.append(name, number, b"\n".join(these) + b"\n")
                self._count(WRITTEN, len(these))
            except OSError as error:
                self._count(DROPPED, len(these))
                failed = error
        self._files.expire()
        if failed is not None:
            raise failed


encode_sample: Callable[[Sample], bytes] = msgspec.json.Encoder().encode
"""Return a sample as it is kept: one line of JSON, without a line feed."""


def read_samples(files: SampleFiles, *, name: str, number: int) -> Iterator[Sample]:
    """Yield the samples of a version, oldest first for each worker.

    A line that was cut short, by a full disk or a crash, is passed over.
    """
    decode = msgspec.json.Decoder(Sample).decode
    for line in files.lines(name, number):
        try:
            yield decode(line)
        except msgspec.DecodeError:
            continue


def _some(rows: Rows, prediction: Prediction) -> tuple[Rows, Prediction]:
    """Return MOST_ROWS of the rows, chosen at random, and their answers."""
    index = np.array(sorted(sample(range(rows.count), MOST_ROWS)))
    chances = prediction.probabilities
    return rows.take(index), Prediction(
        values=prediction.values[index], probabilities=None if chances is None else chances[index]
    )


def _samples(chosen: _Chosen) -> Iterator[Sample]:
    chances, classes = chosen.prediction.listed_probabilities, chosen.signature.target.classes
    when = datetime.fromtimestamp(chosen.when, UTC)
    answers = chosen.prediction.listed_values
    for index, (record, answer) in enumerate(zip(records_of(chosen.signature, chosen.rows), answers, strict=True)):
        yield Sample(
            time=when,
            request=chosen.request,
            rows=chosen.count,
            record=tuple(record),
            prediction=classes[int(answer)] if classes else answer,
            probabilities=None if chances is None else tuple(chances[index]),
        )
