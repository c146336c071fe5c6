from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from threading import Event, Thread

import numpy as np
import pytest

from carafe.registry import Share, Traffic
from carafe.schema import ModelRef, Prediction, PredictRequest, PredictResponse, Rows, Signature
from carafe.serving import Observer, Outcome, Served, Shadowed, Split, shadow
from carafe.serving.observers import Observers
from carafe.serving.shadow import MOST_TEXT, MOST_VALUES, MOST_WAITING, Shadowing
from carafe.testing.metadata_examples import example_manifest
from served import EVERYTHING, HOUSES, IRIS, RuleModel, everything_rule, houses_rule, iris_rule

Rule = Callable[[Rows], Prediction]


class Heard(Observer):
    """Notes what is told of shadows."""

    def __init__(self) -> None:
        self.events: list[Shadowed] = []

    def shadowed(self, event: Shadowed) -> None:
        self.events.append(event)

    @property
    def outcomes(self) -> Counter[str]:
        return Counter(event.outcome.value for event in self.events)

    def wait(self, count: int = 1) -> list[Shadowed]:
        until = time.monotonic() + 20
        while len(self.events) < count:
            assert time.monotonic() < until, self.events
            time.sleep(0.002)
        return self.events


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def shadowing(heard: Heard) -> Iterator[Shadowing]:
    found = Shadowing(observers=Observers([heard]), clock=lambda: 0.0)  # on a busy machine nothing is too old
    yield found
    found.stop()


def served(number: int, rule: Rule, signature: Signature = HOUSES) -> Served:
    return Served(name="houses", number=number, manifest=example_manifest(), model=RuleModel(signature, rule))


def beside(*shadows: Served, answering: Served | None = None) -> Split:
    """Return an alias of which one version answers, and others are asked along."""
    main = answering or served(1, houses_rule)
    numbers = tuple(one.number for one in shadows)
    return Split(
        ref=ModelRef.parse("houses"),
        traffic=Traffic(shares=(Share(version=main.number, percent=100.0),), shadows=numbers),
        main=main,
        answering=(main,),
        shadows=shadows,
    )


def put(shadowing: Shadowing, split: Split, rows: Rows | None = None) -> float:
    """Answer a request, put it before the shadows, and return how many seconds that took."""
    main = split.main
    rows = rows or Rows.of_records(HOUSES, [(50.0, 3)])
    request = PredictRequest(model=main.ref, rows=rows)
    response = PredictResponse(
        name=main.name, version=main.number, signature=main.signature, prediction=main.model.predict(rows)
    )
    began = time.perf_counter()
    shadowing.offer(split, request, response)
    return time.perf_counter() - began


def double(rows: Rows) -> Prediction:
    return Prediction(values=2 * houses_rule(rows).values)


def fail(rows: Rows) -> Prediction:
    raise ZeroDivisionError(rows.count)


def leave(rows: Rows) -> Prediction:
    raise SystemExit(rows.count)


def test_every_shadow_is_asked_and_its_differences_are_told(shadowing: Shadowing, heard: Heard) -> None:
    put(shadowing, beside(served(2, houses_rule), served(3, double)))
    same, other = heard.wait(2)
    assert (same.name, same.version, same.shadow, same.outcome) == ("houses", 1, 2, Outcome.COMPARED)
    assert same.difference is not None
    assert other.difference is not None
    assert (same.difference.rows, same.difference.different) == (1, 0)
    assert (other.shadow, other.difference.different, other.difference.largest) == (3, 1, 8000.0)
    assert 0 < same.seconds < 10


@pytest.mark.parametrize("rule", [fail, leave, lambda _: Prediction.of_lists([1.0, 2.0])])
def test_a_shadow_that_fails_is_counted_and_the_next_one_is_asked(
    shadowing: Shadowing, heard: Heard, rule: Rule
) -> None:
    split = beside(served(2, rule), served(3, houses_rule))
    for _ in range(2):
        put(shadowing, split)
    assert [event.outcome for event in heard.wait(4)] == [Outcome.FAILED, Outcome.COMPARED] * 2


def test_rows_that_a_shadow_does_not_take_are_refused_and_so_is_another_task(
    shadowing: Shadowing, heard: Heard
) -> None:
    put(shadowing, beside(served(2, everything_rule, EVERYTHING), served(3, iris_rule, IRIS)))
    assert [event.outcome for event in heard.wait(2)] == [Outcome.REFUSED] * 2


def test_a_shadow_that_sleeps_keeps_nobody_waiting_and_what_it_can_not_take_is_dropped(
    shadowing: Shadowing, heard: Heard
) -> None:
    go = Event()

    def sleep(rows: Rows) -> Prediction:
        assert go.wait(20)
        return houses_rule(rows)

    split = beside(served(2, sleep))
    taken = [put(shadowing, split) for _ in range(200)]
    assert heard.outcomes["dropped"] >= 200 - MOST_WAITING - 1
    assert sum(taken) < 5  # of 20 s that the shadow would wait for each
    go.set()


def test_a_shadow_that_keeps_the_interpreter_busy_lets_others_in(shadowing: Shadowing, heard: Heard) -> None:
    def loop(rows: Rows) -> Prediction:
        until = time.perf_counter() + 2
        while time.perf_counter() < until:
            pass
        return houses_rule(rows)

    split = beside(served(2, loop))
    put(shadowing, split)
    began = time.perf_counter()
    for _ in range(300):
        put(shadowing, split)
    assert time.perf_counter() - began < 10
    assert heard.outcomes["dropped"] >= 300 - MOST_WAITING


def test_a_shadow_takes_a_small_part_of_a_core(shadowing: Shadowing, heard: Heard) -> None:
    def work(rows: Rows) -> Prediction:
        until = time.thread_time() + 0.01
        while time.thread_time() < until:
            pass
        return houses_rule(rows)

    split = beside(served(2, work))
    began = time.perf_counter()
    while time.perf_counter() - began < 1.2:
        put(shadowing, split)
        time.sleep(0.001)
    assert 1 <= heard.outcomes["compared"] <= 4  # 10 ms of work, then 490 ms of rest


def test_a_shadow_that_never_comes_back_is_given_up_and_others_are_asked_again(
    heard: Heard, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ended = Event()

    def hang(rows: Rows) -> Prediction:
        try:
            while True:
                time.sleep(0.001)
        finally:
            del rows
            ended.set()

    shadowing = Shadowing(observers=Observers([heard]))
    monkeypatch.setattr(shadow, "PATIENCE", 0.2)
    hanging, fine = beside(served(2, hang)), beside(served(3, houses_rule))
    until = time.monotonic() + 20
    while not heard.outcomes["compared"]:
        assert time.monotonic() < until
        put(shadowing, hanging)
        put(shadowing, fine)
        time.sleep(0.001)
    assert "the shadow houses@2 has not answered for 0 s" in caplog.text
    assert ended.wait(20)
    assert {event.shadow for event in heard.events if event.outcome is Outcome.COMPARED} == {3}
    shadowing.stop()


def test_what_waited_for_too_long_is_dropped(heard: Heard) -> None:
    now = [0.0]
    shadowing = Shadowing(observers=Observers([heard]), clock=lambda: now[0])
    go = Event()

    def wait(rows: Rows) -> Prediction:
        assert go.wait(20)
        return houses_rule(rows)

    for _ in range(3):
        put(shadowing, beside(served(2, wait)))
    time.sleep(0.05)
    now[0] = 6.0
    go.set()
    heard.wait(3)
    assert heard.outcomes["dropped"] >= 2
    shadowing.stop()


def test_of_a_large_request_the_first_rows_are_compared_and_no_more_are_held(
    shadowing: Shadowing, heard: Heard
) -> None:
    count = 10 * MOST_VALUES
    for rows in (
        Rows.of_records(HOUSES, [(50.0, 3)] * count),
        Rows((np.full(count, 50.0), np.full(count, 3.0))),
    ):
        put(shadowing, beside(served(2, double)), rows)
    for event in heard.wait(2):
        assert event.difference is not None
        assert event.difference.rows == event.difference.different == MOST_VALUES // 2


def test_very_long_texts_are_not_held(shadowing: Shadowing, heard: Heard) -> None:
    answering = served(1, everything_rule, EVERYTHING)
    record = (1.0, 1, True, "a", "1", "x" * (MOST_TEXT + 1), None)
    split = beside(served(2, everything_rule, EVERYTHING), answering=answering)
    put(shadowing, split, Rows.of_records(EVERYTHING, [record]))
    (event,) = heard.wait()
    assert event.outcome is Outcome.DROPPED


def test_a_model_is_asked_without_company_and_cache(shadowing: Shadowing, heard: Heard) -> None:
    alone = RuleModel(HOUSES, houses_rule)
    crowded = RuleModel(HOUSES, fail)
    asked = Served(name="houses", number=2, manifest=example_manifest(), model=crowded, alone=alone)
    put(shadowing, beside(asked))
    assert heard.wait()[0].outcome is Outcome.COMPARED


def test_the_thread_has_the_lowest_priority_and_others_keep_theirs(shadowing: Shadowing, heard: Heard) -> None:
    seen: list[int] = []

    def look(rows: Rows) -> Prediction:
        seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        return houses_rule(rows)

    before = os.getpriority(os.PRIO_PROCESS, 0)
    put(shadowing, beside(served(2, look)))
    heard.wait()
    assert seen == [19]
    assert os.getpriority(os.PRIO_PROCESS, 0) == before


def test_a_forked_child_asks_shadows_on_a_thread_of_its_own(shadowing: Shadowing, heard: Heard) -> None:
    split = beside(served(2, houses_rule))
    put(shadowing, split)
    heard.wait()
    child = os.fork()
    if child == 0:
        try:
            put(shadowing, split)
            heard.wait(2)
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0


def test_after_the_end_nothing_is_asked_and_nothing_runs(heard: Heard) -> None:
    shadowing = Shadowing(observers=Observers([heard]))
    split = beside(served(2, houses_rule))
    put(shadowing, split)
    heard.wait()
    before = {thread for thread in threading.enumerate() if thread.name == "carafe-shadows"}
    shadowing.stop()
    assert len({thread for thread in threading.enumerate() if thread.name == "carafe-shadows"}) == len(before) - 1
    put(shadowing, split)
    assert len(heard.events) == 1


def test_a_thread_that_can_not_be_started_harms_no_answer(
    shadowing: Shadowing, heard: Heard, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(Thread, "start", refuse)
        for _ in range(2):
            put(shadowing, beside(served(2, houses_rule)))
    put(shadowing, beside(served(2, houses_rule)))
    assert heard.wait()[0].outcome is Outcome.COMPARED
    assert len(caplog.records) == 1
    assert "shadows of houses@champion can't be asked" in caplog.text
