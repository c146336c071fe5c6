"""A process that is killed anywhere leaves the old state or the new one, and the next one needs no help."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

KILLER = Path(__file__).parent / "killer.py"

OLD = {"numbers": [1, 2], "champion": [1]}


def deaths(folder: Path, action: str, stride: int = 1) -> list[dict[str, object]]:
    """Return what was found after each kill; the last process lived to the end."""
    command = [sys.executable, str(KILLER), str(folder), action, str(stride)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


EVERYWHERE = pytest.param(1, marks=pytest.mark.long)


@pytest.mark.parametrize("stride", [EVERYWHERE, 4])
@pytest.mark.parametrize(
    ("action", "new", "following", "fewest"),
    [
        ("publish", {"numbers": [1, 2, 3], "champion": [3]}, {3, 4}, 80),
        ("promote", {"numbers": [1, 2], "champion": [2]}, {3}, 40),
        ("delete", {"numbers": [1], "champion": [1]}, {3}, 40),
    ],
)
def test_a_killed_change_is_fully_done_or_not_at_all(
    tmp_path: Path, action: str, new: dict[str, object], following: set[int], fewest: int, stride: int
) -> None:
    found = deaths(tmp_path, action, stride)
    assert len(found) > fewest / stride, "the process died at too few places to prove anything"
    assert [after["status"] for after in found] == [9] * (len(found) - 1) + [0]
    states = [{name: after[name] for name in new} for after in found]
    assert states == sorted(states, key=lambda state: state == new), "a change came and went again"
    assert all(state in (OLD, new) for state in states)
    assert states[0] == OLD
    assert states[-1] == new
    for after in found:
        assert after["whole"]
        assert after["tidy"]
        assert after["staging"] == 0
        assert after["next"] in following
    if stride == 1:
        assert any(after["orphans"] for after in found) == (action != "promote"), "no death left anything to collect"


@pytest.mark.parametrize("stride", [EVERYWHERE, 12])
def test_a_killed_first_start_leaves_a_home_that_opens(tmp_path: Path, stride: int) -> None:
    found = deaths(tmp_path, "create", stride)
    assert len(found) > 60 / stride, "the process died at too few places to prove anything"
    assert {(tuple(after["numbers"]), after["next"]) for after in found} == {((), 1)}  # type: ignore[arg-type]
