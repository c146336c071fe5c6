"""Tables out: CSV, Parquet, JSON lines."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from carafe.errors import UnreadableTable


def write_table(frame: pl.DataFrame, path: str | Path) -> None:
    """Write the table in the format that the file's name ends with: .csv, .tsv, .parquet, .jsonl.

    Raises:
        UnreadableTable: for another ending, or when the file, or in this format the table, can't be written.
    """
    file = Path(path)
    suffix = file.suffix.lower()
    try:
        if suffix in {".csv", ".tsv"}:
            frame.write_csv(file, separator="\t" if suffix == ".tsv" else ",")
        elif suffix == ".parquet":
            frame.write_parquet(file)
        elif suffix in {".jsonl", ".ndjson"}:
            frame.write_ndjson(file)
        else:
            raise UnreadableTable(f"{file.name}: tables are written as .csv, .tsv, .parquet or .jsonl")
    except OSError as error:
        raise UnreadableTable(f"{file}: {error.strerror or error}") from error
    except pl.exceptions.PolarsError as error:
        raise UnreadableTable(f"{file.name}: the table can't be written as {suffix} ({error})") from error
