"""The formats of bulk scoring, and how a file's name tells them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from carafe.errors import InvalidParameter

STANDARD = "-"
"""Stands for standard input or output in place of a file's name."""


class Format(StrEnum):
    """How a table is written."""

    CSV = "csv"
    """Delimited text with a header, whatever the delimiter."""
    JSONL = "jsonl"
    """JSON lines: one object a line."""
    PARQUET = "parquet"
    ARROW = "arrow"
    """Arrow IPC, as a file or as a stream."""

    @property
    def text(self) -> bool:
        """Whether its values come without types of their own."""
        return self in {Format.CSV, Format.JSONL}


_BY_ENDING: dict[str, Format] = {
    **dict.fromkeys((".csv", ".tsv", ".tab", ".psv", ".txt", ".data", ".dat"), Format.CSV),
    **dict.fromkeys((".jsonl", ".ndjson"), Format.JSONL),
    **dict.fromkeys((".parquet", ".pq"), Format.PARQUET),
    **dict.fromkeys((".arrow", ".feather", ".ipc", ".arrows"), Format.ARROW),
}

ENDINGS = tuple(_BY_ENDING)
"""Every file name ending that tells a format."""


def format_of(path: str | Path, *, given: Format | None = None, option: str = "") -> Format:
    """Return the format that was ``given``, or the one that the file's name tells.

    Args:
        path: the file, or STANDARD.
        given: what ``option`` said.
        option: the name of the option that tells a format outright, for the message.

    Raises:
        InvalidParameter: when neither tells it.
    """
    if given is not None:
        return given
    if str(path) == STANDARD:
        raise InvalidParameter(f"standard input or output has no name that tells its format: say {option} csv")
    found = _BY_ENDING.get(Path(path).suffix.lower())
    if found is None:
        raise InvalidParameter(
            f"{Path(path).name}: the format is told by the file name's ending, one of {', '.join(ENDINGS)}"
            + (f"; or say it with {option}" if option else "")
        )
    return found


def delimiter_of(path: str | Path) -> str:
    """Return the delimiter that a CSV file of this name is written with."""
    return {".tsv": "\t", ".tab": "\t", ".psv": "|"}.get(Path(path).suffix.lower(), ",")
