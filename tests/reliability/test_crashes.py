"""Killed, or refused by the disk, in any system call: everything is fully old or fully new, and the next start works.

The command line runs unmodified; ``campaign.py`` forks it from a process that has imported it, and strace strikes.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pytest

from reliability.operations import OPERATIONS
from reliability.report import report

pytestmark = [pytest.mark.needs("strace"), pytest.mark.xdist_group("crashes")]

CAMPAIGN = Path(__file__).parent / "campaign.py"

SHORT = ("create", "migrate", "import", "promote", "delete")

AT_ONCE = 6
"""How many operations a long form tries at the same time."""

Document = Mapping[str, Any]
Check = Callable[[str, Document, Document], str]


def attempts(folder: Path, fault: str, stride: int, *operations: str) -> Iterator[tuple[str, Document, Document]]:
    """Yield each operation's name, what is found before and after it without a fault, and what is found after one.

    What the campaign prints is kept in ``folder``, for whoever wants to see how far it is or what it found.
    """
    printed = folder / "attempts.jsonl"
    with printed.open("wb") as output:
        command = [sys.executable, str(CAMPAIGN), str(folder), fault, str(stride), *operations]
        done = subprocess.run(command, stdout=output, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    plain: dict[str, Document] = {}
    for found in map(json.loads, printed.read_text().splitlines()):
        name = found["operation"]
        if name not in plain:
            assert found["code"] == 0
            assert found["old"] != found["new"], f"{name} changed nothing"
            plain[name] = found
        else:
            yield name, plain[name], found


def every_attempt(folder: Path, fault: str) -> Iterator[tuple[str, Document, Document]]:
    """Yield those of every operation at every place; several go on at once, as a refused lock is waited for."""

    def of(operation: str) -> list[tuple[str, Document, Document]]:
        own = folder / operation
        own.mkdir()
        return list(attempts(own, fault, 1, operation))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for found in pool.map(of, OPERATIONS):
            yield from found


@dataclass
class Tally:
    """What came of all attempts: how many of each operation left everything old or new, and what was wrong."""

    left: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    wrong: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, check: Check, found: Iterable[tuple[str, Document, Document]]) -> Self:
        """Return the tally of a whole campaign: what is wrong in one attempt hides nothing of the others."""
        tally = cls()
        for name, plain, each in found:
            try:
                tally.left[name][check(name, plain, each)] += 1
            except AssertionError as error:
                tally.wrong.append(f"{name} at {each['place']}: {error}")
        return tally

    @property
    def whole(self) -> Counter[str]:
        """How many attempts of all operations left everything old or new."""
        return sum(self.left.values(), Counter())


def outcome(plain: Document, found: Document) -> str:
    """Return whether everything is old or everything is new, having made sure that nothing else is so.

    The revision of the database is looked at for itself: it is new as soon as there is a database, or a newer one.
    """
    assert found["faults"] == [], found["place"]
    old, new, state = ({**each} for each in (plain["old"], plain["new"], found["state"]))
    revisions = [each.pop("revision") for each in (old, new, state)]
    assert revisions[2] in revisions[:2], found["place"]
    assert state in (old, new), found["place"]
    is_new = state == new and revisions[2] == revisions[1]
    assert is_new or state == old, found["place"]
    return "new" if is_new else "old"


def acknowledged(found: Document) -> bool:
    """Return whether whoever asked was told that it is done."""
    return bool(found["code"] == 0 or (found["out"] != "" and found["code"] != 1))


def check_kill(name: str, plain: Document, found: Document) -> str:
    """Return what a kill left; nothing that was told may be lost, and the same command works afterwards."""
    assert found["killed"], f"{name} went on after {found['place']}"
    left = outcome(plain, found)
    assert left == "new" or not acknowledged(found), f"{name} was acknowledged and lost at {found['place']}"
    if left == "old":
        assert found["again"]["code"] == 0, found
    return left


def check_error(name: str, plain: Document, found: Document) -> str:
    """Return what came of an error: a success that is none of the old, or a refusal in Carafe's own words.

    Where every write is refused from then on, those of the terminal are, too, so only the exit code can tell.
    """
    left = outcome(plain, found)
    if found["code"] == 0:
        assert left == "new", f"{name} was acknowledged and lost at {found['place']}"
    else:
        assert found["code"] == 1, found
        assert found["err"].startswith("carafe: ") or found["silenced"], found
        assert "Traceback" not in found["err"], found
        is_output = any(f"/{stream}>" in found["place"] for stream in ("out", "err"))
        assert is_output or found["silenced"] or "[output-unavailable]\n  standard output" not in found["err"], found
    if left == "old":
        assert found["again"]["code"] == 0, found
    return left


def test_a_killed_command_is_fully_done_or_not_at_all(tmp_path: Path) -> None:
    tally = Tally.of(check_kill, attempts(tmp_path, "KILL", 25, *SHORT))
    assert tally.wrong == []
    assert tally.whole["old"] > 8
    assert tally.whole["new"] > 0


@pytest.mark.parametrize("fault", ["EIO", "ENOSPC"])
def test_a_command_that_the_disk_refuses_says_so_and_leaves_nothing_partial(tmp_path: Path, fault: str) -> None:
    stride, *operations = {"EIO": (32, "create"), "ENOSPC": (24, "import", "delete")}[fault]
    tally = Tally.of(check_error, attempts(tmp_path, fault, int(stride), *map(str, operations)))
    assert tally.wrong == []
    assert tally.whole["old"] > 3


@pytest.mark.long
def test_a_command_is_killed_before_each_of_its_changes(tmp_path: Path) -> None:
    tally = Tally.of(check_kill, every_attempt(tmp_path, "KILL"))
    report("21", [figures(name, "killed before", count) for name, count in tally.left.items()])
    assert tally.wrong == []


@pytest.mark.long
@pytest.mark.parametrize("fault", ["EIO", "ENOSPC", "EROFS"])
def test_a_command_is_refused_each_of_its_calls(tmp_path: Path, fault: str) -> None:
    tally = Tally.of(check_error, every_attempt(tmp_path, fault))
    report(f"22 {fault}", [figures(name, f"{fault} in", count) for name, count in tally.left.items()])
    assert tally.wrong == []


def figures(name: str, what: str, count: Mapping[str, int]) -> str:
    """Return one operation's line of the report."""
    return (
        f"`{name}`: {what} each of {sum(count.values())} system calls; everything old after {count['old']}, everything "
        f"new after {count['new']}."
    )
