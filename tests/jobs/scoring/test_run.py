"""A job as a whole: what comes out, what is rejected, and what is refused before anything is scored."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from bulk import answerer, lines_of, score
from carafe.errors import (
    FieldProblem,
    InvalidInput,
    InvalidParameter,
    OutputUnavailable,
    PredictionFailed,
    UnknownColumn,
    UnreadableTable,
)
from carafe.jobs.scoring.order import Order
from carafe.jobs.scoring.sources import delimited
from carafe.jobs.scoring.sources.source import Layout
from carafe.jobs.scoring.terms import Step
from carafe.schema import Prediction, Rows
from served import everything

FORMATS = ("csv", "jsonl", "parquet", "arrow")
HOUSES = pl.DataFrame({"id": ["a", "b", "c"], "area": [100.0, 50.5, 30.0], "bedrooms": [2, None, 3]})
PRICES = [12000.0, 7050.0, 6000.0]


def write(frame: pl.DataFrame, path: Path) -> Path:
    """Write a table in the format of the file's ending."""
    writers = {".csv": frame.write_csv, ".jsonl": frame.write_ndjson, ".parquet": frame.write_parquet}
    writers.get(path.suffix, frame.write_ipc)(path)  # type: ignore[operator]
    return path


def read(path: Path) -> pl.DataFrame:
    """Read it back."""
    readers = {".csv": pl.read_csv, ".jsonl": pl.read_ndjson, ".parquet": pl.read_parquet}
    found: pl.DataFrame = readers.get(path.suffix, pl.read_ipc)(path)  # type: ignore[operator]
    return found


@pytest.mark.parametrize("out", FORMATS)
@pytest.mark.parametrize("into", FORMATS)
def test_every_format_comes_in_and_goes_out_with_all_its_columns(tmp_path: Path, into: str, out: str) -> None:
    source = write(HOUSES, tmp_path / f"in.{into}")
    summary = score(source, tmp_path / f"out.{out}")
    found = read(tmp_path / f"out.{out}")
    assert found.columns == ["id", "area", "bedrooms", "prediction"]
    assert found.drop("prediction").rows() == HOUSES.rows()
    assert found["prediction"].to_list() == PRICES
    assert (summary.counts.scored, summary.counts.rejected, summary.carried) == (3, 0, ("id",))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([f"in.{into}", f"out.{out}"])


def test_fields_of_csv_stay_as_they_were_written(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_bytes(b'bedrooms,note,area\r\n02,"a ""b"", c",1.50e2\r\n , x ,+7\r\n3,"two\r\nlines",8\r\n')
    score(source, tmp_path / "out.csv")
    assert lines_of(tmp_path / "out.csv") == [
        ["bedrooms", "note", "area", "prediction"],
        ["02", 'a "b", c', "1.50e2", "17000.0"],
        [" ", " x ", "+7", "2700.0"],
        ["3", "two\r\nlines", "8", "3800.0"],
    ]


def test_lines_of_json_stay_as_they_were_written(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text(
        '{"area": 1e2 , "bedrooms":null, "more": {"a": [1, 2.50]}}  \n\n{"bedrooms":3,"area":8,"more":"é"}'
    )
    score(source, tmp_path / "out.jsonl")
    assert (tmp_path / "out.jsonl").read_text() == (
        '{"area": 1e2 , "bedrooms":null, "more": {"a": [1, 2.50]},"prediction":12000.0}\n'
        '{"bedrooms":3,"area":8,"more":"é","prediction":3800.0}\n'
    )


def test_labels_and_probabilities_come_out_in_their_own_types(tmp_path: Path) -> None:
    columns = {name: [1.0, 2.0] for name in ("sepal length", "sepal width", "petal width")}
    source = write(pl.DataFrame({**columns, "petal length": [1.0, 5.0]}), tmp_path / "in.parquet")
    order = Order(probabilities=True, keep=())
    score(source, tmp_path / "out.parquet", by=answerer("iris", probabilities=True), order=order)
    found = read(tmp_path / "out.parquet")
    assert found.columns == ["prediction", "probability_setosa", "probability_versicolor", "probability_virginica"]
    assert found["prediction"].to_list() == ["setosa", "virginica"]
    assert found["probability_virginica"].to_list() == pytest.approx([0.1, 0.8])


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_column_of_every_kind_is_read_and_written(tmp_path: Path, suffix: str) -> None:
    source = tmp_path / "in.jsonl"
    records = [everything(), everything(number=-1, when=None, category=None, boolean=None, code="2", text='a\n"b",')]
    source.write_text("".join(json.dumps(record) + "\n" for record in records))
    target = tmp_path / f"out.{suffix}"
    score(source, target, by=answerer("everything"))
    again = tmp_path / f"again.{suffix}"
    score(target, again, by=answerer("everything"), order=Order(prediction="again"))
    found = read(again)
    assert found["prediction"].to_list() == found["again"].to_list() == [True, False]
    assert found["text"].to_list() == ["hello", 'a\n"b",']


def test_rows_that_do_not_fit_go_to_a_side_file_and_the_others_are_scored(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text(
        "area,bedrooms\n100,2\nlarge,2.5\n,1\n50,\n9007199254740993,1\n" + "1" * 400 + ",3\n7,1e3\n5,=1+1\n"
    )
    summary = score(source, tmp_path / "out.csv")
    assert [line[2] for line in lines_of(tmp_path / "out.csv")] == ["prediction", "12000.0", "7000.0", "1000700.0"]
    assert (summary.counts.scored, summary.counts.rejected) == (3, 5)
    assert summary.rejected == tmp_path / "out.rejected.csv"
    whole = "a whole number between -2^53 and 2^53 or null"
    assert lines_of(tmp_path / "out.rejected.csv") == [
        ["line", "column", "got", "expected"],
        ["3", "area", '"large"', "a number"],
        ["3", "bedrooms", "2.5", whole],
        ["4", "area", "null", "a number"],
        [
            "6",
            "area",
            "9007199254740993",
            "a number that 64-bit floating point holds exactly: whole numbers up to 2^53 are",
        ],
        ["7", "area", "1" * 57 + "...", "a number between -1.8e308 and 1.8e308"],
        ["9", "bedrooms", '"=1+1"', whole],
    ]


def test_lines_of_json_that_do_not_fit_are_named(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    lines = [
        '{"area": 1, "bedrooms": 1}',
        '{"area": 1}',
        '{"area": 1, "bedrooms": 1, "colour": "red"}',
        '{"area": 1, "area": 2, "bedrooms": 1}',
        "[1, 2]",
        '{"area": NaN, "bedrooms": 1}',
        '{"area": true, "bedrooms": "1"}',
        "{",
    ]
    source.write_text("\n".join(lines))
    summary = score(source, tmp_path / "out.jsonl")
    assert (summary.counts.scored, summary.counts.rejected) == (1, 7)
    rejected = lines_of(tmp_path / "out.rejected.csv")
    assert [(line[0], line[1]) for line in rejected[1:]] == [
        ("2", "bedrooms"),
        ("3", "colour"),
        ("4", "area"),
        ("5", ""),
        ("6", ""),
        ("7", "area"),
        ("7", "bedrooms"),
        ("8", ""),
    ]


def test_a_strict_order_ends_at_the_first_row_that_does_not_fit(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("area,bedrooms\n100,2\nlarge,2\nsmall,3\n")
    with pytest.raises(InvalidInput, match=r'^line 3, area: got "large", expected a number$'):
        score(source, tmp_path / "out.csv", order=Order(strict=True))
    assert not (tmp_path / "out.csv").exists()


def refuse_seven(rows: Rows) -> Prediction:
    """Refuse an area of 7 by name, as a model does that knows a fixed set of categories; answer 1 / area."""
    area = rows.columns[0]
    bad = np.flatnonzero(area == 7)
    if len(bad):
        raise InvalidInput([FieldProblem(row=int(bad[0]), field="area", got="7.0", expected="another")])
    with np.errstate(divide="ignore"):
        return Prediction(values=1 / area)


def test_rows_that_the_model_refuses_or_has_no_finite_answer_for_are_rejected_alone(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("area,bedrooms\n4,1\n7,1\n2,1\n0,1\n7,1\n1,1\n")
    summary = score(source, tmp_path / "out.csv", by=answerer(ask=refuse_seven))
    assert [line[2] for line in lines_of(tmp_path / "out.csv")[1:]] == ["0.25", "0.5", "1.0"]
    assert summary.counts.rejected == 3
    assert [line[0] for line in lines_of(tmp_path / "out.rejected.csv")[1:]] == ["3", "5", "6"]


def test_a_model_that_fails_ends_the_job_and_leaves_no_output(tmp_path: Path) -> None:
    def fail(_rows: Rows) -> Prediction:
        raise PredictionFailed("the model fails on these rows")

    source = write(HOUSES, tmp_path / "in.csv")
    with pytest.raises(PredictionFailed):
        score(source, tmp_path / "out.csv", by=answerer(ask=fail))
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_columns_are_checked_before_anything_is_scored(tmp_path: Path) -> None:
    source = write(HOUSES.rename({"area": "Area"}), tmp_path / "in.csv")
    with pytest.raises(InvalidInput, match="area: got no such column, expected a column of kind number"):
        score(source, tmp_path / "out.csv")
    source = write(HOUSES, tmp_path / "in.csv")
    with pytest.raises(InvalidInput, match="id: got an unknown column, expected one of: area, bedrooms"):
        score(source, tmp_path / "out.csv", order=Order(strict=True))
    with pytest.raises(UnknownColumn, match="there is no column 'Id'; did you mean 'id'"):
        score(source, tmp_path / "out.csv", order=Order(keep=("Id",)))
    typed = write(HOUSES.cast({"area": pl.String}), tmp_path / "in.parquet")
    with pytest.raises(InvalidInput, match="area: got a column of String, expected a number"):
        score(typed, tmp_path / "out.csv")
    with pytest.raises(InvalidParameter, match="this model predicts a number"):
        score(source, tmp_path / "out.csv", order=Order(probabilities=True))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "in.parquet"]


def test_a_column_called_like_the_answers_is_refused_with_what_to_do(tmp_path: Path) -> None:
    source = write(HOUSES.rename({"id": "prediction"}), tmp_path / "in.csv")
    with pytest.raises(InvalidParameter, match=r"--prediction-column; .* --only-predictions"):
        score(source, tmp_path / "out.csv")
    score(source, tmp_path / "out.csv", order=Order(prediction="price"))
    assert lines_of(tmp_path / "out.csv")[0] == ["prediction", "area", "bedrooms", "price"]
    score(source, tmp_path / "out.csv", order=Order(keep=("area",)), force=True)
    assert lines_of(tmp_path / "out.csv")[0] == ["area", "prediction"]
    score(source, tmp_path / "out.csv", order=Order(keep=()), force=True)
    assert lines_of(tmp_path / "out.csv") == [["prediction"], *[[str(price)] for price in PRICES]]


def test_lists_can_not_be_written_as_text_but_left_out(tmp_path: Path) -> None:
    source = write(HOUSES.with_columns(tags=pl.Series([["a"], [], None])), tmp_path / "in.parquet")
    with pytest.raises(InvalidParameter, match="column 'tags' holds lists"):
        score(source, tmp_path / "out.csv")
    score(source, tmp_path / "out.csv", order=Order(keep=("id",)))
    score(source, tmp_path / "out.parquet")
    assert read(tmp_path / "out.parquet")["tags"].to_list() == [["a"], [], None]


def test_finished_files_and_the_input_are_not_written_over(tmp_path: Path) -> None:
    source = write(HOUSES, tmp_path / "in.csv")
    score(source, tmp_path / "out.csv")
    with pytest.raises(OutputUnavailable, match=r"out.csv exists: .* --force"):
        score(source, tmp_path / "out.csv")
    with pytest.raises(InvalidParameter, match="is the input"):
        score(source, source, force=True)
    (tmp_path / "out.rejected.csv").write_text("old")
    score(source, tmp_path / "out.csv", force=True)
    assert not (tmp_path / "out.rejected.csv").exists()


def test_what_can_not_be_read_or_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTable, match="there is no file"):
        score(tmp_path / "none.csv", tmp_path / "out.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(UnreadableTable, match="is a folder"):
        score(tmp_path / "folder.csv", tmp_path / "out.csv")
    source = write(HOUSES, tmp_path / "in.csv")
    with pytest.raises(OutputUnavailable, match=r"can't be written .* the disk's space$"):
        score(source, tmp_path / "nowhere" / "out.csv")
    for suffix in ("parquet", "arrow", "jsonl"):
        (tmp_path / f"bad.{suffix}").write_bytes(b"not at all what it is called" * 10)
        with pytest.raises(UnreadableTable):
            score(tmp_path / f"bad.{suffix}", tmp_path / "out.csv")
    whole = write(HOUSES, tmp_path / "cut.arrow").read_bytes()
    (tmp_path / "cut.arrow").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnreadableTable):
        score(tmp_path / "cut.arrow", tmp_path / "out.csv")


def test_a_panic_inside_polars_is_a_table_that_can_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def panic(*_: object, **__: object) -> None:
        raise pl.exceptions.PanicException("called `Option::unwrap()` on a `None` value")

    for suffix, reader in (("parquet", "scan_parquet"), ("arrow", "read_ipc_stream")):
        source = tmp_path / f"in.{suffix}"
        HOUSES.write_parquet(source) if suffix == "parquet" else HOUSES.write_ipc_stream(source)
        monkeypatch.setattr(pl, reader, panic)
        with pytest.raises(UnreadableTable, match=rf"in.{suffix} can't be read as {suffix}: it is damaged"):
            score(source, tmp_path / "out.csv")


def test_missing_values_and_commas_as_a_layout_says(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("area;bedrooms\n1,5;NA\n1.000,5;2\n")
    score(source, tmp_path / "out.csv", layout=Layout(decimal=",", nulls=("NA",)))
    assert [line[2] for line in lines_of(tmp_path / "out.csv")[1:]] == ["2150.0", "102050.0"]


def test_progress_tells_the_share_and_the_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "_LEAST_BYTES", 64)
    monkeypatch.setattr(delimited, "BATCH_ROWS", 3)
    source = tmp_path / "in.csv"
    source.write_text("area,bedrooms\n" + "100,2\n" * 100)
    told: list[Step] = []
    score(source, tmp_path / "out.csv", progress=told.append)
    assert len(told) > 5
    assert [step.counts.scored for step in told] == sorted(step.counts.scored for step in told)
    assert told[-1].done == 1.0
    assert told[-1].counts.scored == 100
