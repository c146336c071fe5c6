"""Delimited text: every cell as it stands, every line with as many fields as the header."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TextIO

import polars as pl

from carafe.errors import InvalidSetting, RaggedTable, UnreadableTable
from carafe.tables.columns import check_names
from carafe.tables.numbers import rewritten_with_point
from carafe.tables.sniff import SAMPLE_CHARACTERS, find_delimiter, find_encoding

CHUNK_ROWS = 50_000
"""How many rows are gathered as Python strings before they become a table."""

MAX_FIELD = 16 * 1024 * 1024
"""The most characters of one field."""

SHOWN_LINES = 10
"""How many ragged lines a message names."""


class _BadQuote(Exception):
    """Raised when quotes are not placed as CSV places them; carries the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """How one file is written."""

    path: Path
    encoding: str
    delimiter: str
    quoted: bool = True


@dataclass(slots=True)
class _Ragged:
    """The lines that disagree with the header, the first ones by number."""

    count: int = 0
    lines: list[str] = field(default_factory=list)

    def add(self, line: int, fields: int) -> None:
        self.count += 1
        if len(self.lines) < SHOWN_LINES:
            self.lines.append(f"line {line} ({fields} field{'' if fields == 1 else 's'})")


def read_delimited(
    path: Path, *, delimiter: str | None = None, encoding: str | None = None, decimal: str | None = None
) -> pl.DataFrame:
    """Read a delimited file with a header as strings; what is not given is recognised.

    Quotes are those of CSV (a quoted field may hold delimiters, newlines and doubled quotes). Where they are not
    placed so, as in plain text between tabs, and every line has the header's number of fields without them, quotes
    are characters like others. Empty lines are left out; a column without a name is called by its position.

    Raises:
        RaggedTable: when lines have another number of fields than the header; names the lines, from 1.
        UnreadableTable: for a wrong encoding, a misplaced quote, NUL characters, no header, or names that come twice.
        InvalidSetting: for an encoding or a delimiter that can't be one.
    """
    check_options(delimiter=delimiter, encoding=encoding, decimal=decimal)
    layout = _layout(path, delimiter, encoding)
    try:
        frame = _read(layout)
    except _BadQuote as error:
        frame = _read_unquoted(layout, error)
    return frame if decimal is None else rewritten_with_point(frame, decimal=decimal)


def check_options(*, delimiter: str | None, encoding: str | None, decimal: str | None) -> None:
    """Check what was said about a file.

    Raises:
        InvalidSetting: for an encoding, a delimiter or a decimal mark that can't be one.
    """
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '\r\n"\0'):
        raise InvalidSetting(f"delimiter: got {delimiter!r}, expected one character such as ',' or ';'")
    if decimal not in {None, ",", "."}:
        raise InvalidSetting(f"decimal: got {decimal!r}, expected ',' or '.'")
    if encoding is not None:
        try:
            io.TextIOWrapper(io.BytesIO(), encoding=encoding)  # which knows base64 for no text encoding
        except (LookupError, ValueError):
            raise InvalidSetting(f"encoding: got {encoding!r}, expected one that Python knows: utf-8, cp1252") from None


def _layout(path: Path, delimiter: str | None, encoding: str | None) -> _Layout:
    layout = _Layout(path=path, encoding=encoding or find_encoding(path), delimiter=delimiter or ",")
    if delimiter is not None:
        return layout
    with _opened(layout) as file:
        sample = file.read(SAMPLE_CHARACTERS)
    prefer = "\t" if path.suffix.lower() in {".tsv", ".tab"} else ","
    return replace(layout, delimiter=find_delimiter(sample, prefer=prefer))


def _read_unquoted(layout: _Layout, bad_quote: _BadQuote) -> pl.DataFrame:
    try:
        return _read(replace(layout, quoted=False))
    except RaggedTable:
        raise UnreadableTable(
            f"{layout.path.name}, {bad_quote}: a field that begins with a quote must end with one, "
            "and a quote inside it must be doubled"
        ) from None


def _read(layout: _Layout) -> pl.DataFrame:
    ragged = _Ragged()
    with _opened(layout) as file, wide_fields():
        rows = _rows(file, layout)
        _, header = next(rows, (0, []))
        names = header_names(header, file=layout.path.name)
        chunks = list(_chunks(rows, names, ragged))
    if ragged.count:
        more = "" if ragged.count == len(ragged.lines) else ", ..."
        raise RaggedTable(
            f"{ragged.count:,} of the lines in {layout.path.name} have another number of fields than the header's "
            f"{len(names)}: {', '.join(ragged.lines)}{more}. Mend them, or name the delimiter if it is not "
            f"{layout.delimiter!r}"
        )
    return pl.concat(chunks, rechunk=True) if chunks else pl.DataFrame(schema=dict.fromkeys(names, pl.String))


def _chunks(rows: Iterator[tuple[int, list[str]]], names: list[str], ragged: _Ragged) -> Iterator[pl.DataFrame]:
    width, chunk = len(names), list[list[str]]()
    for line, row in rows:
        if len(row) != width:
            ragged.add(line, len(row))
            continue
        chunk.append(row)
        if len(chunk) == CHUNK_ROWS:
            yield _frame(chunk, names)
            chunk = []
    if chunk:
        yield _frame(chunk, names)


def _frame(rows: list[list[str]], names: list[str]) -> pl.DataFrame:
    columns = zip(names, zip(*rows, strict=True), strict=True)
    return pl.DataFrame([pl.Series(name, values, dtype=pl.String) for name, values in columns])


def _rows(file: TextIO, layout: _Layout) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that is not empty with the number of the line where it begins."""
    lines = _lines(file, layout.path)
    if layout.quoted:
        reader = csv.reader(lines, delimiter=layout.delimiter, strict=True)
    else:
        reader = csv.reader(lines, delimiter=layout.delimiter, quoting=csv.QUOTE_NONE)
    begin = 1
    try:
        for row in reader:
            if row:
                yield begin, row
            begin = reader.line_num + 1
    except csv.Error as error:
        if "field limit" in str(error):
            raise UnreadableTable(
                f"{layout.path.name}, line {begin}: a field of more than {MAX_FIELD:,} characters"
            ) from error
        raise _BadQuote(f"line {begin}") from error
    except UnicodeError as error:
        raise UnreadableTable(
            f"{layout.path.name}, near line {begin}: not {layout.encoding} text; give its encoding with --encoding"
        ) from error


def _lines(file: TextIO, path: Path) -> Iterator[str]:
    for number, line in enumerate(file, 1):
        if "\0" in line:
            raise UnreadableTable(f"{path.name}, line {number}: holds a NUL character, which no text table does")
        yield line


def header_names(header: list[str], *, file: str) -> list[str]:
    """Return the columns' names as a header has them, composed and without white space at their ends.

    Raises:
        UnreadableTable: when there are none, or too many, or one comes twice.
    """
    if not any(name.strip() for name in header):
        raise UnreadableTable(f"{file} has no header: a table begins with a line of column names")
    composed = (unicodedata.normalize("NFC", name.strip()) for name in header)  # names that look alike are alike
    names = [name or f"unnamed_{position}" for position, name in enumerate(composed, 1)]
    check_names(names)
    return names


@contextmanager
def _opened(layout: _Layout) -> Iterator[TextIO]:
    try:
        with layout.path.open(encoding=layout.encoding, newline="") as file:
            yield file
    except OSError as error:
        raise UnreadableTable(f"{layout.path}: {error.strerror or error}") from error
    except UnicodeError as error:
        raise UnreadableTable(
            f"{layout.path.name} is not {layout.encoding} text; give its encoding with --encoding"
        ) from error


@contextmanager
def wide_fields() -> Iterator[None]:
    """Let one field be as long as a long text; the csv module keeps this limit for the whole process."""
    before = csv.field_size_limit(MAX_FIELD)
    try:
        yield
    finally:
        csv.field_size_limit(before)
