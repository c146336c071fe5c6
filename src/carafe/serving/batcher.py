"""Answer together what came in while a model was busy; never wait for company.

There is no thread and no timer here. Whoever finds the model idle asks it at once, on its own thread. Whoever comes
while it runs waits, and when the run ends the one who waited longest leads the next: it takes every request that waits
by then, up to a number of rows, and asks the model about all of them together. One Batcher serves one loaded version,
so no run mixes two.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from threading import Lock, Semaphore

from carafe.errors import CarafeError, PredictionFailed
from carafe.models import Features, Model
from carafe.schema import Prediction, Rows, Signature
from carafe.serving.deadline import deadline
from carafe.serving.observers import Observers, Run
from carafe.serving.refusals import Refusals
from carafe.serving.turn import Turn

FAILURES = (Exception, SystemExit)
"""What a model's own code may raise. Anything else is meant for the thread that leads, not for its batch."""

YIELDS = 3
"""How often a run lets others in before it begins; with one, about half of 16 busy connections were in every run, with
three nearly all."""


class Batcher:
    """A model that answers waiting requests together. Safe to use from several threads.

    Args:
        model: the version that answers.
        version: how it is called in messages and events: name and number.
        batch_rows: how many rows one run may have. A request of as many is answered alone, beside the others.
        queue_limit: how many requests may wait.
        wait_seconds: how long each may.
        observers: are told of runs, and of requests that were turned away.
        places: for those who wait for whatever model of this process; each takes one. As many as need be where None.
        clock: seconds on a clock that never goes back.
    """

    def __init__(  # noqa: PLR0913 - one a limit
        self,
        model: Model,
        *,
        version: tuple[str, int],
        batch_rows: int,
        queue_limit: int,
        wait_seconds: float,
        observers: Observers,
        places: Semaphore | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._model = model
        self._version = version
        self._batch_rows = batch_rows
        self._queue_limit = queue_limit
        self._wait_seconds = wait_seconds
        self._observers = observers
        self._refusals = Refusals(version=version, observers=observers)
        self._places = places
        self._clock = clock
        self._lock = Lock()
        self._running = False
        self._waiting: deque[Turn] = deque()

    @property
    def signature(self) -> Signature:
        """The model's own."""
        return self._model.signature

    @property
    def waiting(self) -> int:
        """How many requests wait now."""
        return len(self._waiting)

    def predict(self, rows: Rows, *, probabilities: bool = False) -> Prediction:
        """Answer every row, with those of other requests where some wait.

        Raises:
            ServerBusy: when too many requests wait already, or this one waited as long as it may.
            DeadlineExceeded: when the time that its client gave is over.
            InvalidInput, InvalidParameter, PredictionFailed, and whatever else the model raises: for these rows alone.
        """
        if rows.count >= self._batch_rows:
            return self._model.predict(rows, probabilities=probabilities)
        turn = self._enter(rows, probabilities=probabilities)
        if not turn.leads:
            try:
                self._wait(turn)
            finally:
                if self._places is not None:
                    self._places.release()
        if turn.leads:
            self._lead(turn)
        prediction = turn.outcome()
        prediction.waited = turn.began - turn.entered
        return prediction

    def transform(self, rows: Rows) -> Features:
        """Return the features after preprocessing; never batched.

        Raises:
            InvalidInput, PredictionFailed: as the model does.
        """
        return self._model.transform(rows)

    def _enter(self, rows: Rows, *, probabilities: bool) -> Turn:
        """Lead at once where the model is idle, else join the queue."""
        now = self._clock()
        given = deadline()
        latest = now + self._wait_seconds
        turn = Turn(
            rows,
            probabilities=probabilities,
            entered=now,
            deadline=latest if given is None or given > latest else given,
        )
        with self._lock:
            if not self._running:
                self._running = turn.leads = True
                return turn
            room = len(self._waiting) < self._queue_limit
            if room and (self._places is None or self._places.acquire(blocking=False)):
                turn.queue()
                self._waiting.append(turn)
                return turn
        raise self._refusals.crowded() if room else self._refusals.full(self._queue_limit)

    def _wait(self, turn: Turn) -> None:
        """Sleep until there is an outcome, or until it is this request's turn to lead."""
        try:
            woken = turn.sleep(turn.deadline - self._clock())
        except BaseException:
            self._leave(turn)
            if turn.leads:
                self._hand_over()
            raise
        if not woken and not self._leave(turn):
            raise self._late(turn)

    def _leave(self, turn: Turn) -> bool:
        """Stop waiting; tell whether it need not, because an outcome or the lead came at the last moment."""
        with self._lock:
            if turn.settled or turn.leads:
                return True
            turn.gone = True
            if turn in self._waiting:
                self._waiting.remove(turn)
            return False

    def _lead(self, turn: Turn) -> None:
        """Run the model for this request and for those that wait, then hand over."""
        batch = [turn]
        began = self._clock()
        try:
            if began >= turn.deadline:
                turn.settle(error=self._late(turn))
                return
            _let_others_in()
            batch = self._gather(turn, now=self._clock())
            self._answer(batch)
        except BaseException:
            self._put_back(batch)
            raise
        finally:
            self._hand_over()
        if self._observers.hear_ran:
            self._observers.ran(self._told(batch, seconds=self._clock() - turn.began))

    def _gather(self, leader: Turn, *, now: float) -> list[Turn]:
        """Take what waits and wants the same kind of answer, up to the limit of rows; the rest keeps its order."""
        batch, room = [leader], self._batch_rows - leader.rows.count
        leader.began = now
        if not self._waiting:
            return batch
        late: list[Turn] = []
        left: deque[Turn] = deque()
        with self._lock:
            for turn in self._waiting:
                if now >= turn.deadline:
                    late.append(turn)
                elif turn.probabilities is leader.probabilities and turn.rows.count <= room:
                    batch.append(turn)
                    turn.began = now
                    room -= turn.rows.count
                else:
                    left.append(turn)
            self._waiting = left
        for turn in late:
            turn.settle(error=self._late(turn))
        return batch

    def _answer(self, batch: Sequence[Turn]) -> None:
        """Settle every request of a batch; where the model fails, ask again for each half, down to the one to blame."""
        try:
            prediction = self._model.predict(
                Rows.joined([turn.rows for turn in batch]), probabilities=batch[0].probabilities
            )
            _check_count(batch, prediction)
        except FAILURES as error:
            if len(batch) == 1:
                batch[0].settle(error=error)
            else:
                middle = len(batch) // 2
                self._answer(batch[:middle])
                self._answer(batch[middle:])
            return
        begin = 0
        for turn in batch:
            end = begin + turn.rows.count
            turn.settle(prediction=prediction if len(batch) == 1 else prediction.part(begin, end))
            begin = end

    def _put_back(self, batch: Iterable[Turn]) -> None:
        """Let those whom the end of their leader left without an outcome wait again, before all others."""
        with self._lock:
            left = [turn for turn in batch if not (turn.leads or turn.settled or turn.gone)]
            self._waiting.extendleft(reversed(left))

    def _hand_over(self) -> None:
        """Let the request that waited longest lead the next run; where none waits, the model is idle."""
        with self._lock:
            if self._waiting:
                turn = self._waiting.popleft()
                turn.leads = True
                turn.wake()
            else:
                self._running = False

    def _late(self, turn: Turn) -> CarafeError:
        given = turn.deadline < turn.entered + self._wait_seconds
        return self._refusals.late(self._clock() - turn.entered, given=given)

    def _told(self, batch: Sequence[Turn], *, seconds: float) -> Run:
        name, number = self._version
        return Run(
            name=name,
            number=number,
            requests=len(batch),
            rows=sum(turn.rows.count for turn in batch),
            waiting=len(self._waiting),
            waited=max(turn.began - turn.entered for turn in batch),
            seconds=seconds,
        )


def _let_others_in() -> None:
    """Let threads that are ready to run do so, so that requests which have arrived can join the queue.

    A model that keeps the interpreter's lock while it runs keeps them from it, and most of scikit-learn does. This
    waits for nobody: where no thread is ready, it returns at once.
    """
    for _ in range(YIELDS):
        os.sched_yield()


def _check_count(batch: Sequence[Turn], prediction: Prediction) -> None:
    """Refuse to share out answers where there is not one a row: nobody may get another's."""
    rows = sum(turn.rows.count for turn in batch)
    if len(batch) > 1 and prediction.count != rows:
        raise PredictionFailed(f"got {prediction.count} answers to {rows} rows, expected one each")
