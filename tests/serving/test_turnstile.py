"""So many at once, so many waiting in their order, the rest turned away."""

from __future__ import annotations

import time
from threading import Event, Semaphore, Thread

import pytest

from carafe.errors import DeadlineExceeded, ServerBusy
from carafe.serving.deadline import within
from carafe.serving.guarded import GuardedModel
from carafe.serving.observers import Observers
from carafe.serving.refusals import Refusals
from carafe.serving.turnstile import Crowded, Full, Late, Turnstile
from serving.crowd import Asked, Doubling, rows_of, until


class Guests:
    """Threads that are inside of a turnstile until they are let go, in the order in which they came in."""

    def __init__(self, turnstile: Turnstile) -> None:
        self.turnstile = turnstile
        self.inside: list[int] = []
        self.go = Semaphore(0)
        self.threads: list[Thread] = []

    def come(self, number: int) -> None:
        """Let one more come, and wait until it is inside or waits."""
        inside, waiting = len(self.inside), self.turnstile.waiting
        thread = Thread(target=self._stay, args=(number,))
        self.threads.append(thread)
        thread.start()
        until(lambda: len(self.inside) > inside or self.turnstile.waiting > waiting)

    def end(self) -> None:
        """Let all of them go."""
        for _ in self.threads:
            self.go.release()
        for thread in self.threads:
            thread.join(10)

    def _stay(self, number: int) -> None:
        with self.turnstile.passing():
            self.inside.append(number)
            self.go.acquire()


def turnstile(*, most: int = 1, waiting: int = 2, seconds: float = 10, places: Semaphore | None = None) -> Turnstile:
    return Turnstile(most=most, waiting=waiting, seconds=seconds, places=places)


def test_those_who_wait_come_in_in_the_order_in_which_they_came() -> None:
    guests = Guests(turnstile(most=2, waiting=5))
    for number in range(6):
        guests.come(number)
    assert guests.inside == [0, 1]
    assert guests.turnstile.waiting == 4
    for count in range(3, 7):
        guests.go.release()
        until(lambda count=count: len(guests.inside) == count)  # type: ignore[misc]
    guests.end()
    assert guests.inside == [0, 1, 2, 3, 4, 5]


def test_who_finds_all_places_taken_is_turned_away_at_once_and_later_let_in() -> None:
    guests = Guests(turnstile(most=1, waiting=1))
    guests.come(0)
    guests.come(1)
    with pytest.raises(Full), guests.turnstile.passing():
        raise AssertionError
    guests.end()
    with guests.turnstile.passing() as waited:
        assert waited == 0.0


def test_those_who_wait_at_different_turnstiles_share_the_places_of_the_process() -> None:
    places = Semaphore(1)
    first, second = Guests(turnstile(places=places)), Guests(turnstile(places=places))
    for guests in (first, second):
        guests.come(0)
    first.come(1)
    with pytest.raises(Crowded), second.turnstile.passing():
        raise AssertionError
    first.end()
    second.come(1)  # the place is free again
    second.end()
    assert places.acquire(blocking=False)


@pytest.mark.parametrize(("mine", "given"), [(0.05, False), (60, True)])
def test_who_waits_too_long_leaves_no_trace(mine: float, *, given: bool) -> None:
    guests = Guests(turnstile(seconds=mine))
    guests.come(0)
    with within(0.05 if given else 60), pytest.raises(Late) as late, guests.turnstile.passing():
        raise AssertionError
    assert late.value.given is given
    assert late.value.waited >= 0.04
    assert guests.turnstile.waiting == 0
    guests.end()
    with guests.turnstile.passing():
        pass


def test_many_threads_are_never_more_than_may_be_inside_and_none_is_forgotten() -> None:
    crowded, over, inside, most, done = turnstile(most=3, waiting=100), Event(), [], [0], []

    def work(number: int) -> None:
        while not over.is_set():
            with within(0.002 if number % 3 else 10):
                try:
                    with crowded.passing():
                        inside.append(number)
                        most[0] = max(most[0], len(inside))
                        time.sleep(0.0005)
                        inside.remove(number)
                except Late:
                    continue
            done.append(number)

    threads = [Thread(target=work, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    over.set()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    assert most[0] == 3
    assert crowded.waiting == 0
    with crowded.passing() as waited:
        assert waited == 0.0
    assert set(range(0, 24, 3)) <= set(done)


def guarded(model: Doubling) -> tuple[GuardedModel, Turnstile]:
    refusals = Refusals(version=("doubling", 1), observers=Observers())
    before = turnstile(most=1, waiting=1)
    return GuardedModel(model, turnstile=before, limit=1, large=4, refusals=refusals), before


def test_a_guarded_model_is_asked_by_one_after_the_other_and_tells_how_long_each_waited() -> None:
    model = Doubling()
    asked, before = guarded(model)
    model.held = Event()
    first = Asked(lambda: asked.predict(rows_of(1.0)))
    until(lambda: len(model.runs) == 1)
    second = Asked(lambda: asked.predict(rows_of(2.0)))
    until(lambda: before.waiting == 1)
    with pytest.raises(ServerBusy, match="doubling@1: 1 requests wait for it already"):
        asked.predict(rows_of(3.0))
    model.held.set()
    assert (first.values, second.values) == ([2.0], [4.0])
    assert model.most_at_once == 1
    assert asked.predict(rows_of(5.0)).waited == 0.0


def test_who_gives_up_before_its_turn_never_reaches_a_guarded_model() -> None:
    model = Doubling()
    asked, before = guarded(model)
    model.held = Event()
    first = Asked(lambda: asked.predict(rows_of(1.0)))
    until(lambda: len(model.runs) == 1)
    with within(0.05), pytest.raises(DeadlineExceeded, match="as long as its client gives"):
        asked.predict(rows_of(2.0))
    assert before.waiting == 0
    large = Asked(lambda: asked.predict(rows_of(1.0, 2.0, 3.0, 4.0)))  # passes by
    until(lambda: len(model.runs) == 2)
    model.held.set()
    assert (first.values, large.values) == ([2.0], [2.0, 4.0, 6.0, 8.0])
    assert [rows for _, rows in model.runs] == [[1.0], [1.0, 2.0, 3.0, 4.0]]
