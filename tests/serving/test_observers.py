from __future__ import annotations

import logging

import pytest

from carafe.serving import Finished, Observer
from carafe.serving.observers import Observers

EVENT = Finished(route="/models", method="GET", status=200, seconds=0.001, request_id="1")


class Listens(Observer):
    def __init__(self) -> None:
        self.heard: list[Finished] = []

    def finished(self, event: Finished) -> None:
        self.heard.append(event)


class Raises(Observer):
    def finished(self, event: Finished) -> None:
        raise ZeroDivisionError(event.request_id)

    def loaded(self, *_: object) -> None:
        raise ZeroDivisionError


def test_whoever_overrides_a_hook_is_told() -> None:
    listens = Listens()
    observers = Observers([Observer(), listens])
    observers.finished(EVENT)
    assert listens.heard == [EVENT]
    assert observers.hear_finished


def test_an_event_that_nobody_wants_need_not_be_made() -> None:
    observers = Observers([Observer(), Listens()])
    assert not observers.hear_answered
    assert not Observers().hear_finished


def test_an_observer_that_raises_is_logged_and_harms_no_other(caplog: pytest.LogCaptureFixture) -> None:
    listens = Listens()
    observers = Observers([Raises(), listens])
    with caplog.at_level(logging.ERROR, "carafe.serving"):
        observers.finished(EVENT)
        observers.tell(lambda observer: observer.loaded(None, 0.0))  # type: ignore[arg-type]
    assert listens.heard == [EVENT]
    assert [record.message for record in caplog.records] == ["the observer Raises failed"] * 2
