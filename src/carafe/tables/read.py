"""One door for tables: CSV, Parquet, Arrow, JSON, Excel, SQL."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import msgspec
import polars as pl

from carafe.errors import UnreadableTable
from carafe.tables.columns import check_columns
from carafe.tables.delimited import read_delimited

DELIMITED = frozenset({".csv", ".tsv", ".tab", ".psv", ".txt", ".data", ".dat"})
"""File name endings of delimited text."""


class ReadOptions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """How to read a table. What is not given is recognised.

    ``delimiter``, ``encoding`` and ``decimal`` ("," or ".") are for delimited text, ``sheet`` (a name) for
    spreadsheets, ``database`` (a SQLAlchemy URL) and ``query`` for SQL.
    """

    delimiter: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    sheet: str | None = None
    database: str | None = None
    query: str | None = None

    def __repr__(self) -> str:
        """Return what is set, without the database: its URL may hold a password."""
        given = {name: value for name, value in msgspec.structs.asdict(self).items() if value is not None}
        if "database" in given:
            given["database"] = "***"
        return f"ReadOptions({', '.join(f'{name}={value!r}' for name, value in given.items())})"


def read_table(source: str | Path | None = None, *, options: ReadOptions = ReadOptions()) -> pl.DataFrame:  # noqa: B008 - frozen
    """Read a table from a file, or from a database where ``options`` has a query.

    The cells of delimited text come as they stand, as strings: what they are is decided by ``profile_table``. Other
    formats keep their own types.

    Raises:
        RaggedTable: when lines of delimited text have another number of fields than its header; names the lines.
        UnreadableTable: when there is no such file, its format or encoding is not known, or it holds no table.
    """
    frame = _read(source, options)
    check_columns(frame)
    return frame


def _read(source: str | Path | None, options: ReadOptions) -> pl.DataFrame:
    if options.query is not None or options.database is not None:
        if source is not None:
            raise UnreadableTable("give either a file or a query with its database, not both")
        if options.query is None or options.database is None:
            raise UnreadableTable("a query needs a database and a database needs a query: give both")
        read_query: Callable[..., pl.DataFrame] = import_module("carafe.tables.query_sql").read_query
        return read_query(options.query, database=options.database)
    if source is None:
        raise UnreadableTable("name a file, or give a query and its database")
    path = Path(source).expanduser()
    _check_file(path)
    suffix = path.suffix.lower()
    if suffix in DELIMITED:
        return read_delimited(path, delimiter=options.delimiter, encoding=options.encoding, decimal=options.decimal)
    if suffix not in _READERS:
        known = ", ".join(ENDINGS)
        raise UnreadableTable(f"{path.name}: the format is told by the file name's ending, one of {known}")
    try:
        return _READERS[suffix](path, options)
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise UnreadableTable(f"{path.name} can't be read as {suffix[1:]}: {_first_line(error)}") from error


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise UnreadableTable(f"{path} is a folder: name one file")
    if not path.exists():
        raise UnreadableTable(f"there is no file {path}")
    if path.stat().st_size == 0:
        raise UnreadableTable(f"{path.name} is empty: a table begins with a line of column names")


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:200]


def _parquet(path: Path, _options: ReadOptions) -> pl.DataFrame:
    return pl.read_parquet(path)


def _arrow(path: Path, _options: ReadOptions) -> pl.DataFrame:
    return pl.read_ipc(path)


def _json_lines(path: Path, _options: ReadOptions) -> pl.DataFrame:
    return pl.read_ndjson(path, infer_schema_length=None)


def _json(path: Path, _options: ReadOptions) -> pl.DataFrame:
    return pl.read_json(path, infer_schema_length=None)


def _spreadsheet(path: Path, options: ReadOptions) -> pl.DataFrame:
    read_spreadsheet: Callable[..., pl.DataFrame] = import_module("carafe.tables.spreadsheet").read_spreadsheet
    return read_spreadsheet(path, sheet=options.sheet)


_READERS: dict[str, Callable[[Path, ReadOptions], pl.DataFrame]] = {
    ".parquet": _parquet,
    ".pq": _parquet,
    ".arrow": _arrow,
    ".feather": _arrow,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".json": _json,
    ".xlsx": _spreadsheet,
    ".xlsm": _spreadsheet,
    ".xlsb": _spreadsheet,
    ".xls": _spreadsheet,
    ".ods": _spreadsheet,
}

ENDINGS = tuple(sorted(DELIMITED | _READERS.keys()))
"""Every file name ending that is read."""
