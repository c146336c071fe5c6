"""A model that answers each row with a function of the row, and threads that ask it in a known order."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Lock, Thread

from carafe.errors import FieldProblem, InvalidInput
from carafe.models import Features
from carafe.schema import Column, Kind, Prediction, Rows, Signature, Target, Task
from carafe.serving.batcher import Batcher
from carafe.serving.observers import Observer, Observers

NUMBERS = Signature(
    columns=(Column(name="number", kind=Kind.NUMBER),), target=Target(name="twice", task=Task.REGRESSION)
)
POISON = 1000.0
"""Rows of this number and above make a run fail."""

REFUSED = -1000.0
"""Rows of this number and below are refused as invalid."""


class Enough(BaseException):
    """What nobody catches."""


@dataclass
class Doubling:
    """Answers 2 * number, and its probabilities (number, -number); remembers every run; can be held back."""

    signature: Signature = NUMBERS
    runs: list[tuple[bool, list[float]]] = field(default_factory=list)
    held: Event = field(default_factory=Event)
    at_once: int = 0
    most_at_once: int = 0
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.held.set()

    def predict(self, rows: Rows, *, probabilities: bool = False) -> Prediction:
        """Answer, or fail for the rows that are made for it."""
        numbers = [float(number) for number in rows.columns[0]]
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            self.runs.append((probabilities, numbers))
        try:
            assert self.held.wait(10)
            return self._answer(numbers, probabilities=probabilities)
        finally:
            with self._lock:
                self.at_once -= 1

    def transform(self, rows: Rows) -> Features:
        """Return the numbers."""
        return Features(names=("number",), matrix=rows.columns[0].reshape(-1, 1))

    @staticmethod
    def _answer(numbers: list[float], *, probabilities: bool) -> Prediction:
        if any(number == POISON + 1 for number in numbers):
            raise Enough
        if any(number >= POISON for number in numbers):
            raise ZeroDivisionError(f"{len(numbers)} rows")
        refused = [index for index, number in enumerate(numbers) if number <= REFUSED]
        if refused:
            raise InvalidInput([FieldProblem(row=row, field="number", got="?", expected="more") for row in refused])
        chances = [(number, -number) for number in numbers] if probabilities else None
        return Prediction.of_lists([2 * number for number in numbers], chances)


def rows_of(*numbers: float) -> Rows:
    """Return rows of these numbers."""
    return Rows.of_records(NUMBERS, [[number] for number in numbers])


def batcher(
    model: Doubling, *, rows: int = 100, queue: int = 1000, seconds: float = 10.0, observer: Observer | None = None
) -> Batcher:
    """Return a batcher of the model, called doubling@1."""
    return Batcher(
        model,
        version=("doubling", 1),
        batch_rows=rows,
        queue_limit=queue,
        wait_seconds=seconds,
        observers=Observers([observer] if observer else []),
    )


@dataclass
class Asked:
    """One request on a thread of its own, and what came of it."""

    ask: Callable[[], Prediction]
    prediction: Prediction | None = None
    error: BaseException | None = None

    def __post_init__(self) -> None:
        self.thread = Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.prediction = self.ask()
        except BaseException as error:  # noqa: BLE001 - it is what the test looks at
            self.error = error

    @property
    def values(self) -> list[float]:
        """The answer."""
        self.thread.join(20)
        assert not self.thread.is_alive()
        assert self.error is None, self.error
        assert self.prediction is not None
        return list(self.prediction.listed_values)

    @property
    def failure(self) -> BaseException:
        """The error."""
        self.thread.join(20)
        assert not self.thread.is_alive()
        assert self.error is not None
        return self.error


class Crowd:
    """Requests that came one after the other while the model was busy with the first."""

    def __init__(self, batched: Batcher, model: Doubling) -> None:
        self.batched = batched
        self.model = model
        runs = len(model.runs)
        model.held.clear()
        self.first = Asked(lambda: batched.predict(rows_of(0.0)))
        until(lambda: len(model.runs) > runs)

    def ask(self, *numbers: float, probabilities: bool = False) -> Asked:
        """Add a request and wait until it is in the queue."""
        before = self.batched.waiting
        asked = Asked(lambda: self.batched.predict(rows_of(*numbers), probabilities=probabilities))
        until(lambda: self.batched.waiting > before or not asked.thread.is_alive())
        return asked

    def release(self) -> None:
        """Let the model run."""
        self.model.held.set()


def until(true: Callable[[], bool]) -> None:
    """Wait until something is true, at most ten seconds."""
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.0005)
