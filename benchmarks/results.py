"""The figures as data: what each part measured, kept as JSON beside the machine it was measured on."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from benchmarks.machine import Machine


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """When, where and of what a section was measured."""

    at: datetime
    machine: Machine
    load_average: float
    """Before it began: how many other processes wanted a core."""
    carafe: str
    """Version and commit."""
    rounds: int
    seconds: float


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """What one part measured; the part itself knows the type of its figures."""

    taken: Taken
    figures: msgspec.Raw


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """All sections, by the name of their part."""

    sections: dict[str, Section] = {}


def read(file: Path) -> Results:
    """Return the results in a file; none where there is no file."""
    return msgspec.json.decode(file.read_bytes(), type=Results) if file.is_file() else Results()


def write(results: Results, file: Path) -> None:
    """Write results, indented, so that two runs can be compared line by line."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")
