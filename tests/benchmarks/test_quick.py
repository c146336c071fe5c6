"""The benchmark suite runs: nothing here says how fast anything is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT


@pytest.mark.needs("wrk")
def test_a_quick_run_measures_carafe_and_two_servers_beside_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks", "--quick", "--work", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    serving = json.loads((tmp_path / "results.json").read_bytes())["sections"]["serving"]["figures"]
    assert serving["failures"] == []
    assert {load["server"] for load in serving["loads"]} == {"carafe", "echo", "flask"}
    assert all(load["figures"]["requests"] > 0 for load in serving["loads"])
    assert not any(load["figures"]["refused"] + load["figures"]["broken"] for load in serving["loads"])
    assert "Carafe's share of the bare echo" in done.stdout
