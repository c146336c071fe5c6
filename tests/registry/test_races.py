"""Several real processes at once on one home."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from carafe.registry import Query, open_registry
from carafe.schema import ModelRef
from carafe.settings import Settings

RACER = Path(__file__).parent / "racer.py"
PROCESSES = 5
VERSIONS = 4


def race(home: Path) -> list[dict[str, object]]:
    """Let all processes load first and open the home together; return what each printed."""
    command = [sys.executable, "-W", "error", str(RACER), str(home), str(VERSIONS)]
    racers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    ended = [(racer.communicate(timeout=120), racer.returncode) for racer in racers]
    assert [(complained, code) for (_, complained), code in ended] == [("", 0)] * PROCESSES
    return [json.loads(printed) for (printed, _), _ in ended]


def test_processes_that_start_at_once_share_one_new_home(tmp_path: Path) -> None:
    home = tmp_path / "home"
    results = race(home)
    assert len({result["secret"] for result in results}) == 1
    assert sum(result["key"] is not None for result in results) == 1
    numbers = [number for result in results for number in result["numbers"]]  # type: ignore[attr-defined]
    assert sorted(numbers) == list(range(1, PROCESSES * VERSIONS + 1))
    registry = open_registry(Settings(home=home))
    versions = registry.versions(Query(size=100), name="houses").items
    assert [version.number for version in versions] == sorted(numbers)
    assert all(registry.fetch(version).folder.exists() for version in versions)
    assert registry.resolve(ModelRef.parse("houses")).number == 1
    assert registry.generation() == len(numbers)
    assert registry.collect_orphans() == 0
    registry.close()
