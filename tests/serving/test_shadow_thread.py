"""How what a thread asks is broken off, and nothing else of it."""

from __future__ import annotations

import sys
import time
from threading import Event, Thread

from carafe.serving.shadow_thread import SWITCH_SECONDS, Interruptible, giving_way


def test_work_without_end_is_broken_off() -> None:
    work, begun, ends = Interruptible(), Event(), list[str]()

    def loop() -> None:
        begun.set()
        while True:
            time.sleep(0.001)

    def ask() -> None:
        try:
            work.run(loop)
        except SystemExit:
            ends.append("broken off")

    thread = Thread(target=ask)
    thread.start()
    assert begun.wait(20)
    assert work.interrupt()
    thread.join(20)
    assert ends == ["broken off"]


def test_who_comes_when_the_work_is_done_breaks_nothing_off() -> None:
    work = Interruptible()
    assert work.run(lambda: 7) == 7
    assert not work.interrupt()
    assert not work.interrupt()


def test_however_often_work_is_broken_off_the_interpreters_usual_switching_comes_back() -> None:
    work, stopped, usual = Interruptible(), Event(), sys.getswitchinterval()
    struck, ended = [0], [False]

    def ask() -> None:
        while not stopped.is_set():
            try:
                with giving_way():
                    work.run(lambda: sum(number for number in range(2000)))
            except SystemExit:
                struck[0] += 1
            assert sys.getswitchinterval() == usual
        ended[0] = True

    thread = Thread(target=ask)
    thread.start()
    until = time.monotonic() + 1
    try:
        while struck[0] < 300 and thread.is_alive() and time.monotonic() < until:
            work.interrupt()
    finally:
        stopped.set()
        thread.join(20)
        found = sys.getswitchinterval()
        sys.setswitchinterval(usual)
    assert ended == [True], "it was struck outside its work"
    assert found == usual > SWITCH_SECONDS
    assert struck[0] > 0
