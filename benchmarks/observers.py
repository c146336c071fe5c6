"""What each observer costs: microseconds for one event, the least of several rounds.

    python -m benchmarks.observers

The loop and the call around it are measured, too, and taken off. Figures are for one thread of this machine; those of
a busy one are too high, never too low.
"""

from __future__ import annotations

import os
import tempfile
import time
import timeit
from collections.abc import Callable
from functools import partial
from pathlib import Path

from carafe.models import Features
from carafe.monitoring.access_log import AccessLog, encode_line
from carafe.monitoring.metrics import Metrics
from carafe.monitoring.sample_files import SampleFiles
from carafe.monitoring.samples import Sampler
from carafe.schema import (
    Column,
    Kind,
    ModelRef,
    Prediction,
    PredictRequest,
    PredictResponse,
    Rows,
    Signature,
    Target,
    Task,
)
from carafe.serving import Answered, Finished, Looked, Observer, Run, Served
from carafe.serving.observers import Observers
from carafe.testing.metadata_examples import example_manifest

ROUNDS = 60
EVENTS = 2000
NEVER = 1e-12
"""A rate at which nothing is chosen, though something could be."""

SIGNATURE = Signature(
    columns=tuple(Column(name=name, kind=Kind.NUMBER) for name in ("a", "b", "c", "d")),
    target=Target(name="y", task=Task.REGRESSION),
)


class Unasked:
    """A model that nobody asks: what observers cost is measured without one."""

    signature = SIGNATURE

    def predict(self, rows: Rows, *, probabilities: bool = False) -> Prediction:
        """Answer nothing."""
        raise NotImplementedError

    def transform(self, rows: Rows) -> Features:
        """Answer nothing."""
        raise NotImplementedError


SERVED = Served(name="houses", number=1, manifest=example_manifest(), model=Unasked())


def main() -> None:
    """Print a line for each observer."""
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder))


def measure(folder: Path) -> None:
    """Measure every observer, writing below ``folder`` and to nowhere."""
    finished, answered, write = finished_event(), answered_event(), nowhere()
    tell("nobody listens", per_event(partial(Observers([Observer()]).finished, finished)))
    tell("the event of a request is made", per_event(finished_event))

    metrics = Metrics()
    tell("metrics: a request", per_event(partial(metrics.finished, finished)))
    run = Run(name="houses", number=1, requests=4, rows=4, waiting=2, waited=0.0002, seconds=0.001)
    tell("metrics: a run of a batch", per_event(partial(metrics.ran, run)))
    looked = Looked(name="houses", number=1, hits=1, misses=0)
    tell("metrics: a look into the cache", per_event(partial(metrics.looked, looked)))
    figures = partial(metrics.snapshot, worker="1")
    tell("metrics: all figures are made, in the background", per_event(figures, events=200))

    quiet, log = (AccessLog(rate=rate, count=uncounted, write=write) for rate in (NEVER, 1.0))
    tell("access log: a request that is not chosen", per_event(partial(quiet.finished, finished)))
    logged = partial(log.finished, finished)
    tell("access log: a request that is chosen", per_event(logged, events=2000, after=log.round))
    tell("access log: a line, in the background", in_rounds(logged, log.round, events=2000))
    tell("access log: a line, were it written directly", per_event(lambda: write(encode_line(0.0, finished))))

    files = SampleFiles(folder / "samples", max_bytes=10_000_000, max_days=1)
    rare, sampler = (Sampler(rate=rate, files=files, count=uncounted) for rate in (NEVER, 1.0))
    tell("sampler: a prediction that is not chosen", per_event(partial(rare.answered, answered)))
    chosen = partial(sampler.answered, answered)
    tell("sampler: a prediction that is chosen", per_event(chosen, events=900, after=sampler.round))
    tell("sampler: a row, in the background", in_rounds(chosen, sampler.round, events=900))


def tell(name: str, microseconds: float) -> None:
    """Print a line."""
    print(f"{name:52} {microseconds:8.2f} us")


def per_event(once: Callable[[], object], *, events: int = EVENTS, after: Callable[[], object] | None = None) -> float:
    """Return what one call costs; ``after`` is called between rounds, unmeasured."""
    best = idle = float("inf")
    for _ in range(ROUNDS):
        idle = min(idle, timeit.timeit(nothing, number=events))
        best = min(best, timeit.timeit(once, number=events))
        if after is not None:
            after()
    return (best - idle) / events * 1e6


def in_rounds(once: Callable[[], object], work: Callable[[], object], *, events: int) -> float:
    """Return what ``work`` costs for each of the events that wait for it."""
    best = float("inf")
    for _ in range(ROUNDS):
        for _ in range(events):
            once()
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return best / events * 1e6


def nothing() -> None:
    """Do nothing."""


def uncounted(result: str, number: int) -> None:
    """Count nothing."""


def nowhere() -> Callable[[bytes], object]:
    """Return a function that writes to where everything vanishes, by a system call as any other."""
    return partial(os.write, os.open(os.devnull, os.O_WRONLY))


def finished_event() -> Finished:
    """Return the event of a usual request."""
    return Finished(
        route="/models/<name>/predict",
        method="POST",
        status=200,
        seconds=0.00021,
        request_id="0123456789abcdef0123456789abcdef",
        path="/models/houses/predict",
        key="jX0yjfJPdb",
        peer="127.0.0.1",
        served=SERVED,
        rows=1,
    )


def answered_event() -> Answered:
    """Return the event of a prediction for one record of four numbers."""
    return Answered(
        request=PredictRequest(
            model=ModelRef(name="houses", version=1), rows=Rows.of_records(SIGNATURE, [(1.0, 2.0, 3.0, 4.0)])
        ),
        response=PredictResponse(name="houses", version=1, signature=SIGNATURE, prediction=Prediction.of_lists([5.0])),
        seconds=0.0001,
    )


if __name__ == "__main__":
    main()
