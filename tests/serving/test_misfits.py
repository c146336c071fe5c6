from __future__ import annotations

from threading import Thread

from carafe.errors import CarafeError, ModelTooLarge
from carafe.schema import ModelRef
from carafe.serving import Observer
from carafe.serving.loading import RETRY_SECONDS
from carafe.serving.misfits import MOST_MISFITS, Misfits
from carafe.serving.observers import Observers

HOUSES, STAGING = ModelRef.parse("houses"), ModelRef.parse("houses@staging")
ERROR = ModelTooLarge("too large together")


class Told(Observer):
    def __init__(self) -> None:
        self.events: list[str] = []

    def misfit(self, ref: ModelRef, number: int, error: CarafeError) -> None:
        self.events.append(f"{ref} without {number}: {error}")

    def fits(self, ref: ModelRef) -> None:
        self.events.append(f"{ref} fits")


def test_a_misfit_is_told_by_alias_as_often_as_a_load_would_be_tried_again() -> None:
    now, told = 1000.0, Told()
    misfits = Misfits(Observers.of([told]), clock=lambda: now)
    for ref in (HOUSES, STAGING, HOUSES):
        misfits.refuse(ref, 2, ERROR)
    assert told.events == [
        "houses@champion without 2: too large together",
        "houses@staging without 2: too large together",
    ]
    now += RETRY_SECONDS
    misfits.refuse(HOUSES, 2, ERROR)
    misfits.refuse(HOUSES, 3, ERROR)
    assert len(told.events) == 4


def test_that_all_fits_is_told_once_and_only_after_a_misfit() -> None:
    told = Told()
    misfits = Misfits(Observers.of([told]))
    misfits.settle(HOUSES)
    assert told.events == []
    misfits.refuse(HOUSES, 2, ERROR)
    misfits.settle(STAGING)
    misfits.settle(HOUSES)
    misfits.settle(HOUSES)
    misfits.refuse(HOUSES, 2, ERROR)
    first = "houses@champion without 2: too large together"
    assert told.events == [first, "houses@champion fits", first]


def test_of_many_aliases_the_latest_are_known() -> None:
    told = Told()
    misfits = Misfits(Observers.of([told]))
    for number in range(MOST_MISFITS + 1):
        misfits.refuse(ModelRef(name=f"m{number}"), 1, ERROR)
    told.events.clear()
    misfits.settle(ModelRef(name="m0"))
    misfits.settle(ModelRef(name="m1"))
    assert told.events == ["m1@champion fits"]


def test_threads_that_are_refused_at_once_tell_it_once() -> None:
    told = Told()
    misfits = Misfits(Observers.of([told]), clock=lambda: 1000.0)

    def often() -> None:
        for number in range(200):
            misfits.refuse(HOUSES, number, ERROR)

    threads = [Thread(target=often) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told.events) == len(set(told.events)) == 200
