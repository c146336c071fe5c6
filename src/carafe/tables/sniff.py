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

    A header without any is a table of one column, unless all other lines agree on a delimiter: then that one is
    returned, so that the reading can name the lines.
    """
    delimiters = (prefer, *(delimiter for delimiter in DELIMITERS if delimiter != prefer))
    widths = {delimiter: _widths(sample, delimiter) for delimiter in delimiters}
    best = max(delimiters, key=lambda delimiter: _score(widths[delimiter]))
    if _score(widths[best]) > (0.0, 0):
        return best
    agreed = [delimiter for delimiter in delimiters if len(set(widths[delimiter][1:])) == 1 < widths[delimiter][1]]
    unused = [delimiter for delimiter in delimiters if delimiter not in sample]
    return (agreed + unused + [prefer])[0]


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


def _widths(sample: str, delimiter: str) -> list[int]:
    """Return how many fields each line has, but for the last one, within which the sample may end."""
    try:
        rows = csv.reader(sample.splitlines(keepends=True), delimiter=delimiter)
        widths = [len(fields) for fields in rows if fields]
    except csv.Error:
        return []
    return widths[:-1] if len(widths) > 2 else widths


def _score(widths: list[int]) -> tuple[float, int]:
    """Return the share of lines that agree with the header, and the header's number of fields; zeros for one field."""
    if not widths or widths[0] < 2:
        return 0.0, 0
    agreeing = sum(width == widths[0] for width in widths[1:])
    return (agreeing / (len(widths) - 1) if len(widths) > 1 else 1.0), widths[0]
