"""A job that is broken off, in whatever way, is gone on with: every row once, none lost."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from bulk import answerer, lines_of, score
from carafe.errors import OutputUnavailable
from carafe.jobs.scoring import target
from carafe.jobs.scoring.checkpoint import read_checkpoint
from carafe.jobs.scoring.order import Order
from carafe.jobs.scoring.sources import delimited, json_lines, lazy
from carafe.schema import Prediction, Rows
from served import houses_rule

ROWS = 1_000
BAD = 7
"""Every so many rows one does not fit."""


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take 50 rows at a time, and remember each time how far it went."""
    for module in (delimited, json_lines, lazy):
        monkeypatch.setattr(module, "BATCH_ROWS", 50)
    monkeypatch.setattr(delimited, "_LEAST_BYTES", 1)
    monkeypatch.setattr(target, "CHECKPOINT_SECONDS", 0.0)


def table() -> pl.DataFrame:
    areas = [None if row % BAD == 3 else float(row) for row in range(ROWS)]
    return pl.DataFrame({"id": range(ROWS), "area": areas, "bedrooms": [2] * ROWS, "note": ['a\n"b"'] * ROWS})


WRITERS: dict[str, Callable[[pl.DataFrame, Path], None]] = {
    "csv": pl.DataFrame.write_csv,
    "jsonl": pl.DataFrame.write_ndjson,
    "parquet": pl.DataFrame.write_parquet,
    "arrow": pl.DataFrame.write_ipc,
}
READERS: dict[str, Callable[[Path], pl.DataFrame]] = {
    "csv": pl.read_csv,
    "jsonl": pl.read_ndjson,
    "parquet": pl.read_parquet,
    "arrow": pl.read_ipc,
}


class Broken(BaseException):
    """Stands for whatever ends a run."""


def breaking(after: int, error: BaseException) -> Callable[[Rows], Prediction]:
    """Return a rule that raises when it is asked for the ``after``-th time."""
    asked = 0

    def ask(rows: Rows) -> Prediction:
        nonlocal asked
        asked += 1
        if asked == after:
            raise error
        return houses_rule(rows)

    return ask


@pytest.mark.parametrize("out", WRITERS)
@pytest.mark.parametrize("into", WRITERS)
def test_a_job_that_broke_off_gives_the_same_files_as_one_that_did_not(tmp_path: Path, into: str, out: str) -> None:
    source = tmp_path / f"in.{into}"
    WRITERS[into](table(), source)
    whole, parts = tmp_path / f"whole.{out}", tmp_path / f"parts.{out}"
    score(source, whole)
    for after in (4, 1, 6):
        with pytest.raises(Broken):
            score(source, parts, by=answerer(ask=breaking(after, Broken())))
        assert not parts.exists()
        assert (tmp_path / f"parts.{out}.part").exists()
    summary = score(source, parts)
    assert summary.resumed > 0
    assert summary.restarted == ""
    assert summary.counts.scored + summary.counts.rejected == ROWS
    assert READERS[out](parts).equals(READERS[out](whole))
    assert (tmp_path / "parts.rejected.csv").read_bytes() == (tmp_path / "whole.rejected.csv").read_bytes()
    assert len(lines_of(tmp_path / "parts.rejected.csv")) == 1 + len(range(3, ROWS, BAD))
    assert not [path for path in tmp_path.iterdir() if path.suffix in {".part", ".checkpoint", ".new"}]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "cp1252"])
def test_a_text_in_another_encoding_is_gone_on_with_too(tmp_path: Path, encoding: str) -> None:
    source = tmp_path / "in.csv"
    rows = "".join(f"{row},2,Straße {row}\n" for row in range(ROWS))
    source.write_bytes(f"area,bedrooms,name\n{rows}".encode(encoding))
    with pytest.raises(Broken):
        score(source, tmp_path / "out.csv", by=answerer(ask=breaking(5, Broken())))
    assert score(source, tmp_path / "out.csv").resumed > 100
    assert [line[2] for line in lines_of(tmp_path / "out.csv")[1:]] == [f"Straße {row}" for row in range(ROWS)]


def broken_off(tmp_path: Path) -> tuple[Path, Path]:
    """Break a job off and return its input and output."""
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    table().write_csv(source)
    with pytest.raises(Broken):
        score(source, out, by=answerer(ask=breaking(5, Broken())))
    return source, out


def test_another_input_version_or_option_begins_anew_and_says_why(tmp_path: Path) -> None:
    source, out = broken_off(tmp_path)
    os.utime(source, ns=(0, 0))
    assert score(source, out).restarted == "the input is another one or was changed"
    out.unlink()
    (tmp_path / "out.rejected.csv").unlink()
    source, out = broken_off(tmp_path)
    summary = score(source, out, by=answerer(number=2))
    assert summary.restarted == "houses@1 answered then, houses@2 answers now"
    assert (summary.resumed, summary.counts.scored + summary.counts.rejected) == (0, ROWS)
    out.unlink()
    (tmp_path / "out.rejected.csv").unlink()
    source, out = broken_off(tmp_path)
    assert score(source, out, order=Order(keep=())).restarted == "the options were others"
    assert lines_of(out)[0] == ["prediction"]


def test_a_part_that_was_cut_or_a_checkpoint_that_can_not_be_read_begins_anew(tmp_path: Path) -> None:
    source, out = broken_off(tmp_path)
    os.truncate(tmp_path / "out.csv.part", 10)
    assert score(source, out).restarted == "out.csv.part is gone or was cut"
    (tmp_path / "again").mkdir()
    source, out = broken_off(tmp_path / "again")
    (tmp_path / "again" / "out.csv.checkpoint").write_text("{}")
    summary = score(source, out)
    assert (summary.resumed, summary.counts.scored + summary.counts.rejected) == (0, ROWS)


def test_bytes_behind_the_last_finished_batch_are_dropped(tmp_path: Path) -> None:
    source, out = broken_off(tmp_path)
    with (tmp_path / "out.csv.part").open("ab") as part, (tmp_path / "out.rejected.csv.part").open("ab") as rejected:
        part.write(b"half a ro")
        rejected.write(b"999,")
    score(source, out)
    assert [line[0] for line in lines_of(out)[1:]] == [str(row) for row in range(ROWS) if row % BAD != 3]


def test_only_one_process_writes_an_output(tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    table().write_csv(source)

    def again(rows: Rows) -> Prediction:
        with pytest.raises(OutputUnavailable, match="written by another process"):
            score(source, out)
        return houses_rule(rows)

    score(source, out, by=answerer(ask=again))
    assert len(lines_of(out)) == 1 + ROWS - len(range(3, ROWS, BAD))


def test_a_run_that_comes_while_another_finishes_leaves_its_output_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    table().write_csv(source)
    lock = fcntl.flock

    def finish_first(file: object, how: int) -> None:
        monkeypatch.setattr(fcntl, "flock", lock)
        score(source, out)  # from the beginning to the end, between the opening of the part and its lock
        lock(file, how)  # type: ignore[arg-type] # an open file

    monkeypatch.setattr(fcntl, "flock", finish_first)
    with pytest.raises(OutputUnavailable, match="written by another process"):
        score(source, out, force=True)
    assert len(lines_of(out)) == 1 + ROWS - len(range(3, ROWS, BAD))


def test_an_output_that_exists_leaves_no_part(tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    table().write_csv(source)
    score(source, out)
    with pytest.raises(OutputUnavailable, match="exists"):
        score(source, out)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv", "out.rejected.csv"]


PROGRAM = textwrap.dedent(
    """
    import os, signal, sys
    from pathlib import Path
    from bulk import answerer, score
    from carafe.jobs.scoring import target
    from carafe.jobs.scoring.sources import delimited
    from served import houses_rule

    delimited.BATCH_ROWS, delimited._LEAST_BYTES, target.CHECKPOINT_SECONDS = 50, 1, 0.0
    asked, last = 0, int(sys.argv[3])

    def ask(rows):
        global asked
        asked += 1
        if asked == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return houses_rule(rows)

    print(score(Path(sys.argv[1]), Path(sys.argv[2]), by=answerer(ask=ask)).resumed)
    """
)


def test_killed_runs_are_gone_on_with_and_every_row_comes_exactly_once(tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    table().write_csv(source)
    tests = Path(__file__).resolve().parents[2]
    environ = {**os.environ, "PYTHONPATH": f"{tests}{os.pathsep}{tests.parent / 'src'}"}
    for last, code in ((3, -signal.SIGKILL), (2, -signal.SIGKILL), (8, -signal.SIGKILL), (-1, 0)):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, source, out, str(last)], env=environ, capture_output=True, check=False
        )
        assert done.returncode == code, done.stderr
    assert int(done.stdout) > 100
    assert [line[0] for line in lines_of(out)[1:]] == [str(row) for row in range(ROWS) if row % BAD != 3]
    assert [int(line[0]) for line in lines_of(tmp_path / "out.rejected.csv")[1:]] == [
        2 + 2 * row
        for row in range(3, ROWS, BAD)  # each record has two lines
    ]


@pytest.mark.parametrize("out", WRITERS)
def test_killed_between_the_last_batch_and_the_names_the_next_run_gives_them(
    tmp_path: Path, out: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, final = tmp_path / "in.csv", tmp_path / f"out.{out}"
    table().write_csv(source)
    score(source, tmp_path / f"whole.{out}")
    replace = Path.replace

    def fail(self: Path, to: Path) -> Path:
        if to == final or to.name == "out.rejected.csv":
            raise Broken
        return replace(self, to)

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(Broken):
        score(source, final)
    found = read_checkpoint(tmp_path / f"out.{out}.checkpoint")
    assert found is not None
    assert found.complete
    monkeypatch.setattr(
        Path, "replace", lambda self, to: fail(self, to) if to.suffix == ".csv" != f".{out}" else replace(self, to)
    )
    if out != "csv":
        with pytest.raises(Broken):
            score(source, final)
        assert final.exists()
    monkeypatch.setattr(Path, "replace", replace)
    summary = score(source, final)
    assert summary.counts.scored + summary.counts.rejected == ROWS
    assert READERS[out](final).equals(READERS[out](tmp_path / f"whole.{out}"))
    assert len(lines_of(tmp_path / "out.rejected.csv")) == 1 + len(range(3, ROWS, BAD))
    assert not [path for path in tmp_path.iterdir() if path.suffix in {".part", ".checkpoint", ".new"}]
