"""Does one thing to a home over and over, and has it fail at another system call each time.

    python campaign.py FOLDER FAULT STRIDE [OPERATION ...]

Prints one line of JSON for each attempt. Everything is imported once, here: each attempt is a fork of this process to
which strace is attached before it begins, and so is whoever looks at what is left.
"""

from __future__ import annotations

import gc
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict
from itertools import count
from pathlib import Path

import alembic.command  # noqa: F401 - here and below: loaded once, not anew in every child
import rich._emoji_codes  # noqa: F401 - the same
import sqlalchemy.dialects.sqlite  # noqa: F401 - the same

sys.path.insert(0, str(Path(__file__).parent.parent))

import carafe.api.publish
import carafe.cli.backup
import carafe.cli.delete
import carafe.cli.export
import carafe.cli.gates
import carafe.cli.import_
import carafe.cli.keys
import carafe.cli.models
import carafe.cli.planning
import carafe.cli.promote
import carafe.cli.recipes
import carafe.cli.restore
import carafe.cli.rollback
import carafe.cli.rollout
import carafe.cli.traffic
import carafe.cli.train
import carafe.cli.training
import carafe.models.flavours.sklearn  # noqa: F401 - which goes through all of scikit-learn
from reliability.examination import examine
from reliability.injection import Ended, Place, in_child, inject, record
from reliability.operations import OPERATIONS
from reliability.prepared import PREPARED, WRITTEN, make_inputs


class Campaign:
    """One operation on fresh copies of its home."""

    def __init__(self, folder: Path, operation: str) -> None:
        self._folder = folder
        self._operation = OPERATIONS[operation]
        self._home = folder / "home"
        self._written = folder / WRITTEN
        self._act = self._operation.on(self._home, folder)

    def places(self) -> list[Place]:
        """Return the places that the operation passes, in their order."""
        self._restore()
        ended, places = record(self._act, folder=self._folder, about=(self._home, self._written))
        assert ended.code == 0, ended
        return places

    def plain(self) -> dict[str, object]:
        """Return what is found before and after the operation."""
        self._restore()
        before = self._look()
        self._restore()
        ended = in_child(self._act, folder=self._folder)
        return {"old": before["state"], "new": self._look()["state"], "code": ended.code}

    def attempt(self, place: Place, fault: str, *, lasting: bool) -> dict[str, object]:
        """Return how the operation ended that failed at a place, what is found then, and after it is done again."""
        self._restore()
        ended = inject(self._act, place, fault, folder=self._folder, lasting=lasting)
        found = self._look()
        again = in_child(self._act, folder=self._folder)
        silenced = lasting and place.call == "write"
        tried = {"place": str(place), "killed": ended.killed, "silenced": silenced}
        return {**tried, **_told(ended), **found, "again": _told(again)}

    def _look(self) -> dict[str, object]:
        answer = self._folder / "found"

        def look() -> None:
            answer.write_text(json.dumps(asdict(examine(self._home, self._written))))

        ended = in_child(look, folder=self._folder)
        if ended.code != 0:
            return {"state": None, "faults": [f"the home can't be opened: {ended.err}"], "orphans": 0}
        document: dict[str, object] = json.loads(answer.read_text())
        return document

    def _restore(self) -> None:
        for left in (self._home, self._written):
            shutil.rmtree(left, ignore_errors=True)
        prepared = self._folder / PREPARED
        if (prepared / self._operation.prepared).exists():
            shutil.copytree(prepared / self._operation.prepared, self._home)
        self._written.mkdir()
        if self._operation.writes:
            shutil.copy(prepared / WRITTEN / self._operation.writes, self._written)


def _told(ended: Ended) -> dict[str, object]:
    return {"code": ended.code, "out": ended.out, "err": ended.err}


def attempts(folder: Path, fault: str, stride: int, operation: str) -> Iterator[dict[str, object]]:
    """Yield what is found without a fault, and after a fault at every ``stride``-th place.

    An error is tried as a bad moment, which passes, and as a disk that takes no more, in turns; as a moment only where
    calls of its kind wake threads, too, for no disk fails those. Only a bad disk fails a call that changes nothing; and
    between two changes every kill leaves the same, so one before each is enough.
    """
    campaign = Campaign(folder, operation)
    yield campaign.plain()
    places = campaign.places()
    if fault != "EIO":
        places = [place for place in places if place.writes]
    first = sum(map(ord, operation)) % stride  # other operations begin elsewhere
    for turn, place in zip(count(), places[first::stride], strict=False):
        yield campaign.attempt(place, fault, lasting=fault != "KILL" and turn % 2 == 0 and place.alone)


def main(folder: Path, fault: str, stride: int, operations: list[str]) -> None:
    """Print what is found."""
    gc.freeze()  # what is here already is shared with every child, not copied when their collectors touch it
    ended = in_child(lambda: make_inputs(folder), folder=folder)
    assert ended.code == 0, ended.err
    for operation in operations or list(OPERATIONS):
        for found in attempts(folder, fault, stride, operation):
            sys.stdout.write(json.dumps({"operation": operation} | found) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4:])
