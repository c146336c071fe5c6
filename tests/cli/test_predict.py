"""``carafe predict``, as a person or a script uses it."""

from __future__ import annotations

import io
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner, Result
from sklearn.linear_model import LinearRegression, LogisticRegression

import carafe
from carafe.cli import main

CARAFE = [sys.executable, "-m", "carafe"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with houses@1 (100 * area + bedrooms) and lets@1 (yes where the area is large)."""
    home = tmp_path_factory.mktemp("home")
    area = np.linspace(20.0, 120.0, 50)
    sample = pl.DataFrame({"area": area, "bedrooms": area // 25})
    price = 100 * area + area // 25
    carafe.publish(LinearRegression().fit(sample, price), "houses", sample=sample, home=home)
    lets = LogisticRegression().fit(sample, np.where(area > 70, "=yes", "no"))
    carafe.publish(lets, "lets", sample=sample, home=home)
    return home


@pytest.fixture
def folder(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with data.csv in it."""
    monkeypatch.setenv("CARAFE_HOME", str(home))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.csv").write_text("id,area,bedrooms\na,50,2\nb,100,4\n")
    return tmp_path


def run(*words: str, text: str | None = None) -> Result:
    return CliRunner().invoke(main, ["predict", *words], input=text)


def table(path: Path) -> list[list[str]]:
    return [line.split(",") for line in path.read_text().splitlines()]


def test_a_file_is_scored_with_all_its_columns_and_a_summary_on_standard_error(folder: Path) -> None:
    result = run("houses@champion", "data.csv", "-o", "scored.csv")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith("houses@1 scored 2 rows in ")
    assert result.stderr.endswith(" s to scored.csv\nnot used by the model, only carried along: id\n")
    header, *rows = table(folder / "scored.csv")
    assert header == ["id", "area", "bedrooms", "prediction"]
    assert [row[:3] for row in rows] == [["a", "50", "2"], ["b", "100", "4"]]
    assert [float(row[3]) for row in rows] == pytest.approx([5002, 10004])


def test_rejected_rows_go_beside_the_output_and_the_exit_code_says_so(folder: Path) -> None:
    (folder / "data.csv").write_text("area,bedrooms\n50,2\nhuge,2\n")
    result = run("houses", "data.csv", "-o", "scored.csv")
    assert result.exit_code == 3
    assert "1 rows don't fit the model and were left out; scored.rejected.csv says why" in result.stderr
    assert (folder / "scored.rejected.csv").read_text() == 'line,column,got,expected\n3,area,"""huge""",a number\n'
    result = run("houses", "data.csv", "-o", "strict.csv", "--strict")
    assert (result.exit_code, result.stdout) == (1, "")
    assert 'line 3, area: got "huge", expected a number' in result.stderr
    result = run("houses", "data.csv", "-o", "other.csv", "--rejected", "why.csv")
    assert result.exit_code == 3
    assert (folder / "why.csv").exists()


def test_probabilities_ids_and_names_are_as_asked_for(folder: Path) -> None:
    result = run("lets", "data.csv", "-o", "scored.csv", "--probabilities", "--id", "id", "--prediction-column", "let")
    assert result.exit_code == 0, result.output
    header, *rows = table(folder / "scored.csv")
    assert header == ["id", "let", "probability_=yes", "probability_no"]
    assert [row[:2] for row in rows] == [["a", "no"], ["b", "'=yes"]]  # no spreadsheet runs a label
    assert [float(row[2]) + float(row[3]) for row in rows] == pytest.approx([1, 1])
    assert run("houses", "data.csv", "-o", "only.csv", "--only-predictions").exit_code == 0
    assert table(folder / "only.csv")[0] == ["prediction"]


def test_standard_input_and_output_are_called_dash(folder: Path, home: Path) -> None:
    environ = {**os.environ, "CARAFE_HOME": str(home)}
    command = [*CARAFE, "predict", "houses", "-", "-o", "-", "--input-format", "csv", "--format"]
    body = b"area,bedrooms\n50,2\n100,4\n"
    done = subprocess.run([*command, "csv"], input=body, env=environ, cwd=folder, capture_output=True, check=True)
    assert done.stdout.decode().splitlines()[0] == "area,bedrooms,prediction"
    assert [float(line.split(",")[2]) for line in done.stdout.decode().splitlines()[1:]] == pytest.approx([5002, 10004])
    assert done.stderr.decode().startswith("houses@1 scored 2 rows")
    done = subprocess.run([*command, "arrow"], input=body, env=environ, cwd=folder, capture_output=True, check=True)
    assert pl.read_ipc_stream(io.BytesIO(done.stdout))["prediction"].to_list() == pytest.approx([5002, 10004])
    bad = subprocess.run(
        [*command, "csv"], input=b"area,bedrooms\nx,2\n", env=environ, cwd=folder, capture_output=True, check=False
    )
    assert bad.returncode == 1
    assert b"name a file with --rejected" in bad.stderr
    assert list(folder.iterdir()) == [folder / "data.csv"]


@pytest.mark.parametrize(
    ("words", "code", "story"),
    [
        (("houses", "data.csv"), 2, "Missing option '-o'"),
        (("houses", "data.csv", "-o", "data.csv", "--force"), 1, "is the input"),
        (("houses", "data.csv", "-o", "scored.txt2"), 1, "told by the file name's ending"),
        (("houses", "-", "-o", "scored.csv"), 1, "say --input-format csv"),
        (("houses", "data.csv", "-o", "-", "--format", "parquet"), 1, "can't be written to a pipe"),
        (("houses", "data.csv", "-o", "a.csv", "--id", "id", "--only-predictions"), 2, "exclude each other"),
        (("houses", "data.csv", "-o", "a.csv", "--id", "Id"), 1, "did you mean 'id'"),
        (("houses", "data.csv", "-o", "a.csv", "--strict"), 1, "id: got an unknown column"),
        (("houses", "data.csv", "-o", "a.csv", "--probabilities"), 1, "predicts a number"),
        (("houses", "data.csv", "-o", "a.csv", "--prediction-column", "id"), 1, "would be called so, too"),
        (("houses", "none.csv", "-o", "a.csv"), 1, "there is no file none.csv"),
        (("houses@9", "data.csv", "-o", "a.csv"), 1, "version-not-found"),
        (("nothing", "data.csv", "-o", "a.csv"), 1, "model-not-found"),
        (("houses", "data.csv", "-o", "a.csv", "--encoding", "klingon"), 1, "invalid-setting"),
        (("houses", "data.csv", "-o", "a.csv", "--delimiter", "ab"), 1, "invalid-setting"),
    ],
)
def test_what_can_not_be_done_is_said_and_nothing_is_written(
    folder: Path, words: tuple[str, ...], code: int, story: str
) -> None:
    result = run(*words)
    assert (result.exit_code, result.stdout) == (code, "")
    assert story in result.stderr
    assert [path.name for path in folder.iterdir()] == ["data.csv"]


def test_an_output_that_exists_is_replaced_with_force_only(folder: Path) -> None:
    (folder / "scored.csv").write_text("mine")
    result = run("houses", "data.csv", "-o", "scored.csv")
    assert result.exit_code == 1
    assert (
        "[output-unavailable]\n  scored.csv exists: give another name with -o, or replace it with --force"
        in result.stderr
    )
    assert (folder / "scored.csv").read_text() == "mine"
    assert run("houses", "data.csv", "-o", "scored.csv", "--force").exit_code == 0
    assert table(folder / "scored.csv")[0][-1] == "prediction"


def test_how_the_text_is_written_can_be_said(folder: Path) -> None:
    (folder / "data.txt").write_bytes('name;area;bedrooms\n"Köln;1,5;2\nUlm;NA;2\n'.encode("utf-16"))
    words = ("houses", "data.txt", "-o", "scored.jsonl", "--delimiter", ";", "--encoding", "utf-16", "--decimal", ",")
    result = run(*words, "--null", "NA", "--no-quotes")
    assert result.exit_code == 3, result.output  # the model was not fitted on missing values
    assert (folder / "scored.jsonl").read_text().startswith('{"name":"\\"Köln","area":1.5,"bedrooms":2.0,"prediction":')


def test_progress_is_shown_on_a_terminal(folder: Path, home: Path) -> None:
    (folder / "data.csv").write_text("area,bedrooms\n" + "50,2\n" * 200_000)
    control, terminal = pty.openpty()
    command = [*CARAFE, "predict", "houses", "data.csv", "-o", "scored.csv"]
    environ = {**os.environ, "CARAFE_HOME": str(home), "TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(command, cwd=folder, env=environ, stderr=terminal) as process:
        os.close(terminal)
        shown = b""
        while True:
            try:
                piece = os.read(control, 65536)
            except OSError:  # the terminal is gone with the process
                break
            shown += piece
    os.close(control)
    assert process.returncode == 0
    assert b"rows/s" in shown
    assert b"houses@1 scored 200,000 rows" in shown


def test_an_interrupted_run_is_gone_on_with_by_the_same_command(folder: Path, home: Path) -> None:
    rows = 3_000_000
    (folder / "data.csv").write_text("id,area,bedrooms\n" + "".join(f"{row},50,2\n" for row in range(rows)))
    command = [*CARAFE, "predict", "houses", "data.csv", "-o", "scored.csv"]
    environ = {**os.environ, "CARAFE_HOME": str(home)}
    part = folder / "scored.csv.part"
    with subprocess.Popen(command, cwd=folder, env=environ, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 60
        while not (part.exists() and part.stat().st_size > 24_000_000) and time.monotonic() < deadline:
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert process.returncode != 0
    assert b"the same command goes on from the last finished batch" in told
    assert not (folder / "scored.csv").exists()
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=True)
    assert "went on after the" in done.stderr
    found = pl.read_csv(folder / "scored.csv")
    assert found["id"].to_list() == list(range(rows))
    assert sorted(path.name for path in folder.iterdir()) == ["data.csv", "scored.csv"]
