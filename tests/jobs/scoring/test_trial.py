"""A table that would end the process that reads it ends a child's."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from carafe.errors import UnreadableTable
from carafe.jobs.scoring.formats import Format
from carafe.jobs.scoring.trial import MEMORY, try_reading

TABLE = pl.DataFrame({"area": [1.0, None, 3.0], "city": ["Bern", "Rome", None], "tags": [["a"], [], None]})


@pytest.mark.parametrize(
    ("write", "kind"),
    [
        (pl.DataFrame.write_parquet, Format.PARQUET),
        (pl.DataFrame.write_ipc, Format.ARROW),
        (pl.DataFrame.write_ipc_stream, Format.ARROW),
    ],
)
def test_a_table_that_can_be_read_may_be(write: object, kind: Format, tmp_path: Path) -> None:
    write(TABLE, tmp_path / "table")  # type: ignore[operator]
    try_reading(tmp_path / "table", kind)


def test_what_is_refused_with_an_error_is_left_to_whoever_reads_next(tmp_path: Path) -> None:
    (tmp_path / "table").write_bytes(b"nonsense" * 10)
    for kind in (Format.PARQUET, Format.ARROW):
        try_reading(tmp_path / "table", kind)


def test_a_buffer_that_promises_more_than_any_memory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "table").write_bytes(promising())
    with pytest.raises(UnreadableTable, match="the body can't be read as arrow: it is damaged, or unfolds into more"):
        try_reading(tmp_path / "table", Format.ARROW)


def test_a_record_batch_that_unfolds_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    zeros = pa.array(np.zeros(10_000_000))
    columns = [zeros] * (1 + MEMORY // zeros.nbytes)
    content = stream(pa.record_batch(columns, names=[f"c{index}" for index in range(len(columns))]))
    assert len(content) < 1_000_000
    (tmp_path / "table").write_bytes(content)
    with pytest.raises(UnreadableTable, match="smaller row groups or record batches"):
        try_reading(tmp_path / "table", Format.ARROW)


def stream(batch: object) -> bytes:
    """Return a record batch as a compressed Arrow stream."""
    out = io.BytesIO()
    with pa.ipc.new_stream(out, batch.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:  # type: ignore[attr-defined]
        writer.write_batch(batch)
    return out.getvalue()


def promising() -> bytes:
    """Return an Arrow stream of houses in which one buffer says of itself that it unfolds into a petabyte."""
    texts = pa.array(["x" * 37] * 100).cast(pa.string_view())
    batch = pa.record_batch(
        [pa.array(np.zeros(100)), pa.array(np.ones(100)), texts], names=["area", "bedrooms", "note"]
    )
    content, size = stream(batch), struct.pack("<q", 3700)
    assert content.count(size) == 1
    return content.replace(size, struct.pack("<q", 1 << 50))
