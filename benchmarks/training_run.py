"""One training run, timed as a whole and inside scikit-learn's fits.

``python -m benchmarks.training_run TABLE TARGET ALGORITHM BUDGET HOME``

What Carafe adds is all that is not inside ``Pipeline.fit``: looking at the columns, cleaning, scoring, importances.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import msgspec
from sklearn.pipeline import Pipeline

import carafe


class TrainingRun(msgspec.Struct, frozen=True, kw_only=True):
    """What a run took."""

    seconds: float
    fits: int
    fit_seconds: float
    """Inside the fits of whole pipelines; a pipeline within a pipeline is counted once."""
    publish_seconds: float
    """What publishing the model took afterwards: lowering, proof, seal."""


class FitClock:
    """Adds up the time inside ``Pipeline.fit``."""

    def __init__(self) -> None:
        self.fits = self.depth = 0
        self.seconds = 0.0

    def wrap(self, fit: Any) -> Any:  # noqa: ANN401 - scikit-learn ships no types
        """Return ``fit`` with the clock around it."""

        def timed(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - as fit
            self.depth += 1
            begin = time.perf_counter()
            try:
                return fit(*arguments, **named)
            finally:
                self.depth -= 1
                if not self.depth:
                    self.fits += 1
                    self.seconds += time.perf_counter() - begin

        return timed


def main() -> None:
    """Train, and print what it took."""
    table, target, algorithm, budget, home = sys.argv[1:]
    clock = FitClock()
    Pipeline.fit = clock.wrap(Pipeline.fit)
    begin = time.perf_counter()
    model = carafe.train(table, target=target, algorithm=algorithm, time_budget=float(budget))
    trained = time.perf_counter()
    fits, fit_seconds = clock.fits, clock.seconds
    model.publish("model", home=home)
    run = TrainingRun(
        seconds=trained - begin,
        fits=fits,
        fit_seconds=fit_seconds,
        publish_seconds=time.perf_counter() - trained,
    )
    print(msgspec.json.encode(run).decode())


if __name__ == "__main__":
    main()
