from __future__ import annotations

import logging
import subprocess
import sys
import time
from threading import Event

import pytest

from carafe.errors import StorageUnavailable
from carafe.monitoring.background import Background


def test_rounds_go_on_until_it_is_stopped_and_once_more_then() -> None:
    rounds: list[float] = []
    background = Background(interval=0.01)
    background.add(lambda: rounds.append(time.monotonic()))
    background.ensure()
    background.ensure()
    time.sleep(0.2)
    background.stop()
    count = len(rounds)
    assert count >= 3
    background.stop()
    background.ensure()
    time.sleep(0.05)
    assert len(rounds) == count


def test_a_round_can_be_called_for() -> None:
    began = Event()
    background = Background(interval=600)
    background.add(began.set)
    background.wake()
    background.ensure()
    background.wake()
    assert began.wait(10)
    background.stop()


def test_a_round_that_fails_is_told_once_and_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    reached: list[int] = []

    def fail() -> None:
        raise OSError("the disk is full")

    background = Background(interval=0.005)
    background.add(fail)
    background.add(lambda: reached.append(1))
    with caplog.at_level(logging.ERROR, "carafe.monitoring"):
        background.ensure()
        time.sleep(0.1)
        background.stop()
    assert len(reached) >= 2
    (record,) = caplog.records
    assert record.getMessage() == "carafe-monitoring can't do its work now, and goes on trying: the disk is full"
    assert "Traceback" in caplog.text


def test_what_was_foreseen_is_told_in_one_line_without_its_causes(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        cause = OSError("connection to postgresql://carafe:hunter2@10.0.0.1 refused")
        raise StorageUnavailable("the database can't be used now (Connection refused)") from cause

    background = Background(interval=600, name="carafe-rollouts")
    background.add(fail)
    with caplog.at_level(logging.ERROR, "carafe.monitoring"):
        background.ensure()
        background.stop()
    (record,) = caplog.records
    told = "carafe-rollouts can't do its work now, and goes on trying: the database can't be used now"
    assert record.getMessage() == f"{told} (Connection refused)"
    assert ("Traceback" in caplog.text, "hunter2" in caplog.text) == (False, False)


ENDING = """
import multiprocessing, sys
from carafe.monitoring.background import Background
background = Background(interval=600)
background.add(lambda: print("written", flush=True))
def work():
    background.ensure()
if sys.argv[1] == "child":
    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    process.join()
else:
    work()
"""


@pytest.mark.parametrize("where", ["child", "here"])
def test_what_waits_is_written_when_a_process_ends(where: str) -> None:
    done = subprocess.run([sys.executable, "-c", ENDING, where], capture_output=True, text=True, check=True)
    assert done.stdout == "written\n"
