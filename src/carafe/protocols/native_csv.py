"""CSV with a header, in and out: RFC 4180, comma-separated UTF-8, a blank field is a missing value."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice

from carafe.errors import BodyTooLarge, FieldProblem, InvalidInput, MalformedBody
from carafe.protocols.native import Decoded, label_text, labels, probabilities
from carafe.schema import Column, Kind, Label, PredictResponse, Signature
from carafe.schema.rows import encode_records

_NUMBER = re.compile(r"\s*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\s*")
_WHOLE = re.compile(r"\s*[+-]?[0-9]{1,400}\s*")
_TRUTH = {"true": True, "false": False}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMERIC = {Kind.NUMBER, Kind.INTEGER}


def decode_csv(signature: Signature, body: bytes, *, max_rows: int) -> Decoded:
    """Return the rows of a CSV body; its header names the columns, in any order.

    Raises:
        MalformedBody: when it is not UTF-8, not CSV, or has no header.
        BodyTooLarge: when it holds more than ``max_rows`` rows.
        InvalidInput: when the header or a field does not fit the signature.
    """
    header, *lines = _lines(body, most=max_rows)
    if len(lines) > max_rows:
        raise BodyTooLarge(f"got more than {max_rows} rows, the most that are taken in one request: send them in parts")
    order = _order(signature, header)
    problems = [
        FieldProblem(row=row, field="", got=f"{len(line)} fields", expected=f"{len(header)}, as in the header")
        for row, line in enumerate(lines)
        if len(line) != len(header)
    ]
    if problems:
        raise InvalidInput(problems[:100])
    columns = [(column, order[column.name]) for column in signature.columns]
    records = [[field_value(column, line[position]) for column, position in columns] for line in lines]
    return Decoded(rows=encode_records(signature, records), single=False)


def encode_csv(response: PredictResponse) -> bytes:
    """Return the answers as CSV: a column ``prediction`` and, where asked for, one ``probability_<label>`` a class.

    A label that a spreadsheet would run as a formula is written with a leading apostrophe.
    """
    values = [harmless(value) for value in labels(response)]
    table = probabilities(response)
    names = list(table[0]) if table else []
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["prediction", *(f"probability_{name}" for name in names)])
    for row, value in enumerate(values):
        writer.writerow([value, *(table[row].values() if table else ())])
    return out.getvalue().encode()


def _lines(body: bytes, *, most: int) -> list[list[str]]:
    """Return the header and the rows, one more than ``most`` at the utmost; blank lines are passed over.

    Where there is only one column, a blank line is a missing value.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedBody(f"the body is not UTF-8: byte {error.start} can't be decoded") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
        rows = (line or [""] for line in reader) if len(header) == 1 else filter(None, reader)
        lines = [header, *islice(rows, most + 1)]
    except csv.Error as error:
        raise MalformedBody(f"the body is not CSV: {error}") from None
    if not any(header):
        raise MalformedBody("the body has no header: expected a first line with the columns' names")
    return lines


def _order(signature: Signature, header: Sequence[str]) -> dict[str, int]:
    """Return where the header has each column; raise InvalidInput for a name that is missing, unknown or repeated."""
    known = ", ".join(signature.names[:20])
    times = Counter(header)
    problems = [
        FieldProblem(row=0, field=name, got="no such column in the header", expected=f"a column {name}")
        for name in signature.names
        if name not in times
    ]
    for name, count in times.items():
        if name not in signature.position:
            problems.append(FieldProblem(row=0, field=name[:60], got="an unknown column", expected=f"one of: {known}"))
        elif count > 1:
            problems.append(FieldProblem(row=0, field=name, got="the column more than once", expected="each once"))
    if problems:
        raise InvalidInput(problems[:100])
    return {name: position for position, name in enumerate(header)}


def field_value(column: Column, text: str) -> object:
    """Return a field as JSON would have brought it; the text itself where it can't be, so that it is refused."""
    if not text or (text.isspace() and column.kind is not Kind.TEXT):
        return None
    if column.is_numbered and _NUMBER.fullmatch(text):
        return text.strip() if _WHOLE.fullmatch(text) else float(text)  # "03" is a name: it was never met where 3 was
    if column.kind in _NUMERIC and _WHOLE.fullmatch(text):
        return int(text)
    if column.kind in _NUMERIC and _NUMBER.fullmatch(text):
        return float(text)
    if column.kind is Kind.BOOLEAN:
        return _TRUTH.get(text.lower(), text)
    return text


def harmless(value: Label) -> str:
    """Return a label as text that no spreadsheet runs as a formula: with an apostrophe in front where one would."""
    text = label_text(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text
