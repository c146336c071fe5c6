"""A request that waits for its turn at a model: what it asks, until when, and what came of it."""

from __future__ import annotations

from threading import Lock

from carafe.schema import Prediction, Rows


class Turn:
    """One request. The thread that brought it sleeps on it until somebody wakes it.

    It is woken once: with an outcome that another thread got for it, or to lead the next run itself.
    """

    __slots__ = (
        "_bell",
        "began",
        "deadline",
        "entered",
        "error",
        "gone",
        "leads",
        "prediction",
        "probabilities",
        "rows",
    )

    def __init__(self, rows: Rows, *, probabilities: bool, entered: float, deadline: float) -> None:
        self.rows = rows
        self.probabilities = probabilities
        self.entered = entered
        self.deadline = deadline
        self.began = entered
        """When the run began that it is part of."""
        self.leads = False
        """Whether its thread is to run the model next; set before it is woken for that."""
        self.gone = False
        """Whether its thread has given up; whatever comes of it then is nobody's."""
        self.prediction: Prediction | None = None
        self.error: BaseException | None = None
        self._bell: Lock | None = None

    @property
    def settled(self) -> bool:
        """Whether there is an outcome."""
        return self.prediction is not None or self.error is not None

    def queue(self) -> None:
        """Make ready to be woken; before any other thread can see the turn."""
        self._bell = Lock()
        self._bell.acquire()

    def sleep(self, seconds: float) -> bool:
        """Wait to be woken for at most ``seconds``; tell whether that happened."""
        return self._bell is None or self._bell.acquire(timeout=max(0.0, seconds))

    def wake(self) -> None:
        """Wake the thread that sleeps on it."""
        if self._bell is not None:
            self._bell.release()

    def settle(self, *, prediction: Prediction | None = None, error: BaseException | None = None) -> None:
        """Give it its outcome, and wake the thread that waits for it; the one that leads is awake."""
        self.prediction, self.error = prediction, error
        if not self.leads:
            self.wake()

    def outcome(self) -> Prediction:
        """Return the answer, or raise the failure."""
        if self.error is not None:
            raise self.error
        if self.prediction is None:  # nobody wakes a turn that has neither
            raise AssertionError
        return self.prediction
