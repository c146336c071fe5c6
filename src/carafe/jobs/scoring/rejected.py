"""The file of rejected rows: where each stood, what came, and what was expected."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from carafe.jobs.scoring.batch import Refused
from carafe.protocols.native_csv import harmless
from carafe.schema.values import printable


def rejected_rows(refused: Sequence[Refused], *, text: bool, header: bool) -> bytes:
    """Return the refused records as CSV, one line a problem.

    Args:
        refused: what is wrong, with the line or row in the input.
        text: whether the input has lines, and not only rows.
        header: whether the names of the columns stand first.
    """
    if not refused:
        return b""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if header:
        writer.writerow(["line" if text else "row", "column", "got", "expected"])
    for one in refused:
        problem = one.problem
        writer.writerow(
            [one.line, *(harmless(printable(part)) for part in (problem.field, problem.got, problem.expected))]
        )
    return out.getvalue().encode()
