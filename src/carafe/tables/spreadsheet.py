"""Spreadsheets: one sheet, its first row the header."""

from __future__ import annotations

from pathlib import Path

import fastexcel
import polars as pl

from carafe.errors import UnreadableTable
from carafe.tables.columns import check_names


def read_spreadsheet(path: Path, *, sheet: str | None = None) -> pl.DataFrame:
    """Read a sheet, the first one unless named; cells keep their types, a column of mixed cells becomes text.

    Raises:
        UnreadableTable: when the file is no spreadsheet, has no such sheet, or names come twice in its header.
    """
    try:
        book = fastexcel.read_excel(path)
        name = _sheet_name(book.sheet_names, sheet, path)
        header = book.load_sheet(name, header_row=None, n_rows=1, dtypes="string").to_polars()
        check_names(_names(header))
        return pl.read_excel(path, sheet_name=name, engine="calamine", infer_schema_length=None)
    except (fastexcel.FastExcelError, pl.exceptions.PolarsError) as error:
        reason = str(error).strip().partition("\n")[0][:200]
        raise UnreadableTable(f"{path.name} can't be read as a spreadsheet: {reason}") from error


def _names(header: pl.DataFrame) -> list[str]:
    return [str(name) for name in header.row(0) if name is not None] if header.height else []


def _sheet_name(names: list[str], wanted: str | None, path: Path) -> str:
    if not names:
        raise UnreadableTable(f"{path.name} has no sheet")
    if wanted is None:
        return names[0]
    if wanted not in names:
        raise UnreadableTable(f"{path.name} has no sheet {wanted!r}; it has: {', '.join(names[:20])}")
    return wanted
