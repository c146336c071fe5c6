"""``./scripts/demo``, in the environment that ``./scripts/test`` made, with a folder and a port of its own."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from conftest import ROOT, skip_or_fail
from test_walkthroughs import free_port


def demo(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = os.environ | {"DEMO_FOLDER": str(folder), "CARAFE_PORT": str(free_port())}
    return subprocess.run(
        [str(ROOT / "scripts" / "demo"), *arguments],
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_the_demo_trains_serves_and_asks_both_models_and_is_quick_the_second_time(tmp_path: Path) -> None:
    if not (ROOT / ".venv" / "carafe-dev").exists():
        skip_or_fail("the environment .venv was not made by ./scripts/test")
    first = demo(tmp_path, "--once")
    assert first.returncode == 0, first.stdout + first.stderr
    assert re.search(r'\{"prediction": ?\d+\.\d+\}', first.stdout)
    assert re.search(r'\{"prediction": ?"setosa"\}', first.stdout)
    assert "curl http://127.0.0.1:" in first.stdout
    again = demo(tmp_path, "--once")
    assert again.returncode == 0, again.stdout + again.stderr
    assert again.stdout.count("is there from an earlier run") == 2


def test_the_demo_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    refused = demo(tmp_path, "--twice")
    assert refused.returncode == 1
    assert refused.stderr == "carafe: usage: ./scripts/demo [--once]\n"
