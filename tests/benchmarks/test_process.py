"""A server is found with all its processes, and leaves none behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from benchmarks.proc import members, runs
from benchmarks.process import ServerFailed, run_once, running

CORE = min(os.sched_getaffinity(0))
PARENT = "import subprocess, sys, time; subprocess.Popen(['sleep', '60'], start_new_session=True); time.sleep(60)"


def test_a_process_that_left_the_session_is_stopped_with_its_server(tmp_path: Path) -> None:
    with running([sys.executable, "-c", PARENT], port=1, cores=[CORE], environ={}, folder=tmp_path) as server:
        until = time.monotonic() + 20
        while len(everyone := members(server.process.pid)) < 2 and time.monotonic() < until:
            time.sleep(0.05)
        assert len(everyone) == 2
        assert server.memory_mb > server.children_mb > 0
    assert not [process for process in everyone if runs(process)]


def test_a_server_that_ends_is_told_with_what_it_said(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no model here')"]
    with (
        running(command, port=1, cores=[CORE], environ={}, folder=tmp_path) as server,
        pytest.raises(ServerFailed, match="no model here"),
    ):
        server.wait_for("GET", "/")


def test_a_command_that_fails_is_told_with_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run_once([sys.executable, "-c", "raise SystemExit('wrong')"], core=CORE, environ={}, folder=tmp_path)
    assert "wrong" in caught.value.stderr


def test_the_peak_memory_of_a_command_is_told(tmp_path: Path) -> None:
    ballast = bytearray(400_000_000)  # our own memory is not the command's
    command = [sys.executable, "-c", "print(len(bytearray(200_000_000)))"]
    once = run_once(command, core=CORE, environ={}, folder=tmp_path)
    assert once.output.strip() == b"200000000"
    assert 190 < once.peak_mb < 300
    assert len(ballast) > 300_000_000
