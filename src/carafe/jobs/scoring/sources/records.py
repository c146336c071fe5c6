"""CSV record by record: the way that takes quotes, blank lines and ragged lines for what they are."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field

from carafe.errors import FieldProblem, UnreadableTable
from carafe.jobs.scoring.batch import BATCH_BYTES, Refused
from carafe.jobs.scoring.sources.input import Feed
from carafe.tables.delimited import MAX_FIELD, wide_fields


@dataclass(slots=True, kw_only=True)
class Records:
    """Some records of a CSV text, each with the line on which it begins."""

    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    """Those with another number of fields than the header."""
    next_line: int


def read_records(
    feed: Feed, *, delimiter: str, quotes: bool, line: int, most: int, width: int | None = None
) -> Records:
    """Consume at most ``most`` records, or about BATCH_BYTES, from a feed that stands at the beginning of one.

    Args:
        feed: what is read.
        delimiter: what separates fields.
        quotes: whether a quote begins a quoted field.
        line: the number of the line at which the feed stands.
        most: how many records are read.
        width: how many fields a record has; None where any number will do.

    Raises:
        UnreadableTable: for a misplaced quote, an endless field, or bytes that are not UTF-8.
    """
    lines, found = _Lines(feed), Records(next_line=line)
    begin = line
    try:
        with wide_fields():
            text = iter(lines)
            reader = (
                csv.reader(text, delimiter=delimiter, strict=True)
                if quotes
                else csv.reader(text, delimiter=delimiter, quoting=csv.QUOTE_NONE)
            )
            for row in reader:
                _sort_in(found, row, line=begin, width=width)
                begin = line + reader.line_num
                if len(found.rows) + len(found.refused) >= most or lines.taken >= BATCH_BYTES:
                    break
    except csv.Error as error:
        raise UnreadableTable(f"{feed.name}, line {begin}: {_told(error, feed)}") from None
    except UnicodeDecodeError:
        advice = "send it as UTF-8" if feed.is_body else "give its encoding with --encoding"
        raise UnreadableTable(f"{feed.name}, near line {begin}: not UTF-8; {advice}") from None
    feed.consume(lines.taken)
    found.next_line = begin
    return found


def _sort_in(found: Records, row: list[str], *, line: int, width: int | None) -> None:
    """Add a record; a blank line is none, but a missing value where there is only one column."""
    if not row and width != 1:
        return
    fields = row or [""]
    if width is None or len(fields) == width:
        found.rows.append(fields)
        found.lines.append(line)
        return
    got = f"{len(fields)} field{'' if len(fields) == 1 else 's'}"
    problem = FieldProblem(row=0, field="", got=got, expected=f"{width}, as in the header")
    found.refused.append(Refused(line=line, problem=problem))


def _told(error: csv.Error, feed: Feed) -> str:
    if "field limit" in str(error):
        advice = "" if feed.is_body else " --no-quotes reads it as plain text"
        return f"a field of more than {MAX_FIELD:,} characters; is a quote missing?{advice}"
    advice = "" if feed.is_body else "; --no-quotes reads quotes as characters like others"
    return f"a field that begins with a quote must end with one, and a quote inside it must be doubled{advice}"


class _Lines:
    """The lines of a feed, and how many bytes were handed out."""

    def __init__(self, feed: Feed) -> None:
        self.taken = 0
        self._feed = feed

    def __iter__(self) -> Iterator[str]:
        feed = self._feed
        while True:
            end = self._end()
            if end == self.taken:
                return
            for line in feed.rest[self.taken : end].splitlines(keepends=True):
                self.taken += len(line)
                yield line.decode()

    def _end(self) -> int:
        """Return where the last whole line that is held ends, after reading more where there is none."""
        feed = self._feed
        while not feed.ended:
            end = feed.rest.rfind(b"\n", self.taken) + 1
            end = end or feed.rest.rfind(b"\r", self.taken, len(feed.rest) - 1) + 1
            if end:
                return end
            if len(feed.rest) - self.taken > 4 * MAX_FIELD:
                raise csv.Error("field limit")
            feed.fill(len(feed.rest) + BATCH_BYTES)
        return len(feed.rest)
