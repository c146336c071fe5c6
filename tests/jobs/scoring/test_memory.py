"""Memory stays flat, however long the input is."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import polars as pl
import pytest

MEGABYTE = 1024 * 1024
PROGRAM = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from bulk import answerer, score

    score(Path(sys.argv[1]), Path(sys.argv[2]), by=answerer())
    status = Path("/proc/self/status").read_text()
    print(1024 * int(status.partition("VmHWM:")[2].split()[0]))
    """
)


def table(megabytes: int, note: str) -> pl.DataFrame:
    return pl.DataFrame({"area": [100.0], "bedrooms": [2], "note": [note]}).select(
        pl.all().repeat_by(megabytes * MEGABYTE // 500).explode()
    )


def peak(source: Path, target: Path) -> int:
    """Return the most memory that a process held which scored the file."""
    tests = Path(__file__).resolve().parents[2]
    environ = {**os.environ, "PYTHONPATH": f"{tests}{os.pathsep}{tests.parent / 'src'}", "POLARS_MAX_THREADS": "2"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, source, target], env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.parametrize(
    ("into", "out", "note"),
    [
        ("csv", "csv", "x" * 490),
        ("csv", "parquet", 'y\n"z"' * 80),
        ("jsonl", "jsonl", "x" * 490),
        ("parquet", "arrow", "x" * 490),
    ],
    ids=["csv", "csv with quoted lines", "jsonl", "parquet"],
)
def test_a_file_four_times_as_long_takes_no_more_memory(tmp_path: Path, into: str, out: str, note: str) -> None:
    peaks: list[int] = []
    for megabytes in (32, 128):
        source = tmp_path / f"in{megabytes}.{into}"
        found = table(megabytes, note)
        if into == "csv":
            found.write_csv(source)
        elif into == "jsonl":
            found.write_ndjson(source)
        else:
            found.write_parquet(source, row_group_size=20_000, compression="uncompressed", use_pyarrow=False)
        peaks.append(peak(source, tmp_path / f"out{megabytes}.{out}"))
    # The second file is 96 MiB longer; what threads hold at the same time differs from run to run.
    assert peaks[1] - peaks[0] < 80 * MEGABYTE, [peak // MEGABYTE for peak in peaks]
