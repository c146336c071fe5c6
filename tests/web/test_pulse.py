"""Signs of life, in processes of their own: whose parent is gone ends itself, and that must not be the tests'."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

QUICKLY = """
import sys, time
from carafe.web import pulse

pulse.BEAT_SECONDS, pulse.LOST_BEATS = 0.01, 50
parent = int(sys.argv[1])
"""

WATCHING = """
one, stuck = pulse.Pulse(places=3), []
one._beats[0] = 1  # it lived, and does no more
one.keep(1, parent=parent, grace=0)
one.watch(stuck.append)
until = time.monotonic() + 20
while not stuck and time.monotonic() < until:
    time.sleep(0.01)
assert set(stuck) == {0}, stuck
one.stop(0)
time.sleep(0.1)
stuck.clear()
time.sleep(1)
assert stuck == [], stuck
"""

ORPHANED = """
pulse.Pulse(places=1).keep(0, parent=parent, grace=60)
time.sleep(20)
"""


def ran(script: str, *, parent: int) -> subprocess.CompletedProcess[str]:
    """Run a script that is told so of its parent."""
    command = [sys.executable, "-c", QUICKLY + script, str(parent)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_only_a_place_whose_count_stands_still_is_told() -> None:
    done = ran(WATCHING, parent=os.getpid())
    assert (done.returncode, done.stderr) == (0, "")


def test_a_worker_whose_parent_was_gone_before_it_could_look_ends() -> None:
    assert ran(ORPHANED, parent=os.getppid()).returncode == -signal.SIGTERM
