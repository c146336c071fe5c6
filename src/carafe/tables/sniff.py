"""What a delimited file does not say about itself: its encoding and its delimiter."""

from __future__ import annotations

import codecs
import csv
from pathlib import Path

from carafe.errors import UnreadableTable

DELIMITERS = (",", "\t", ";", "|")
"""The delimiters that are recognised; on equal evidence the earlier one wins."""

SAMPLE_CHARACTERS = 65_536
"""How much of a file is looked at for its delimiter."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHUNK = 1 << 20


def find_encoding(path: Path) -> str:
    """Return the encoding of a text file: what its byte order mark says, else UTF-8 if it is, else Windows-1252.

    Raises:
        UnreadableTable: when it is neither, or holds NUL bytes as no text does.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name
    wide = _utf16_without_mark(head)
    if wide is not None:
        return wide
    for name in ("utf-8", "cp1252"):
        if _decodes(path, name):
            return name
    raise UnreadableTable(f"{path.name} is neither UTF-8 nor Windows-1252 text: give its encoding with --encoding")


def find_delimiter(sample: str, *, prefer: str = ",") -> str:
    """Return the delimiter under which most lines of the sample have as many fields as the header.

    A character that does not occur in the header can't be it. A header without any is a table of one column.
    """
    scores = {delimiter: _score(sample, delimiter) for delimiter in (prefer, *DELIMITERS)}
    best = max(scores, key=lambda delimiter: scores[delimiter])
    return best if scores[best] > (0.0, 0) else prefer


def _utf16_without_mark(head: bytes) -> str | None:
    """Every other byte of mostly Western text in UTF-16 is NUL."""
    for offset, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        half = head[offset::2]
        if len(half) > 1 and half.count(0) > 0.7 * len(half):
            return name
    return None


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        try:
            while chunk := file.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _score(sample: str, delimiter: str) -> tuple[float, int]:
    """Return the share of lines that agree with the header, and the header's number of fields; zeros for one field."""
    try:
        lines = [fields for fields in csv.reader(sample.splitlines(keepends=True), delimiter=delimiter) if fields]
    except csv.Error:
        return 0.0, 0
    if not lines or len(lines[0]) < 2:
        return 0.0, 0
    width = len(lines[0])
    body = lines[1:-1] or lines[1:]  # the sample may end within a line
    agreeing = sum(len(fields) == width for fields in body)
    return (agreeing / len(body) if body else 1.0), width
