"""Signs of life."""

from __future__ import annotations

import time

import pytest

from carafe.web import pulse
from carafe.web.pulse import Pulse


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "BEAT_SECONDS", 0.01)
    monkeypatch.setattr(pulse, "LOST_BEATS", 5)


def test_only_a_place_whose_count_stands_still_is_told() -> None:
    one = Pulse(places=3)
    stuck: list[int] = []
    one._beats[0] = 1  # noqa: SLF001 - it lived, and does no more
    one.keep(1, grace=0)
    one.watch(stuck.append)
    until = time.monotonic() + 20
    while not stuck and time.monotonic() < until:
        time.sleep(0.01)
    assert set(stuck) == {0}
    one.stop(0)
    time.sleep(0.1)
    stuck.clear()
    time.sleep(0.2)
    assert stuck == []
