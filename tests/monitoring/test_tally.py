from __future__ import annotations

import sys
from collections.abc import Iterator
from threading import Barrier, Event, Thread, get_ident

import pytest

from carafe.monitoring import tally
from carafe.monitoring.tally import Key, Tally


def fold(key: Key) -> Key:
    return ("others",) * len(key)


@pytest.fixture
def hasty() -> Iterator[None]:
    """Let threads take turns as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("hasty")
def test_sixteen_threads_lose_nothing_and_no_sum_ever_falls() -> None:
    counted, ended = Tally(width=2, fold=fold), Event()
    together = Barrier(16)

    def count() -> None:
        together.wait()
        for number in range(5000):
            key = (get_ident(), f"model {number % 3}")
            cell = counted.cells.get(key) or counted.open(key)
            cell[0] += 1
            cell[1] += 2

    seen: list[float] = []

    def watch() -> None:
        while not ended.is_set():
            seen.append(sum(one for one, _ in counted.totals().values()))

    watcher, threads = Thread(target=watch), [Thread(target=count) for _ in range(16)]
    for thread in (watcher, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    ended.set()
    watcher.join()
    assert sum(one for one, _ in counted.totals().values()) == 16 * 5000
    assert sum(two for _, two in counted.totals().values()) == 2 * 16 * 5000
    assert seen == sorted(seen)
    assert min(seen) >= 0


def test_what_a_thread_counted_outlives_it() -> None:
    counted = Tally(width=1, fold=fold)

    def count() -> None:
        counted.open((get_ident(), "a"))[0] += 1

    for _ in range(20):
        thread = Thread(target=count)
        thread.start()
        thread.join()
    assert counted.totals() == {("a",): [20]}


def test_there_is_an_end_to_what_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "MOST_CELLS", 3)
    counted = Tally(width=1, fold=fold)
    for number in range(10):
        counted.open((get_ident(), number))[0] += 1
    assert counted.totals() == {(0,): [1], (1,): [1], (2,): [1], ("others",): [7]}


def test_opening_a_cell_is_told() -> None:
    told: list[None] = []
    counted = Tally(width=1, fold=fold, began=lambda: told.append(None))
    counted.open((get_ident(), "a"))
    assert len(told) == 1
