"""CSV in: plain blocks at once, everything else record by record, and both alike."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bulk import lines_of, score
from carafe.errors import InvalidSetting, UnreadableTable
from carafe.jobs.scoring.sources import delimited
from carafe.jobs.scoring.sources.delimited import DelimitedSource
from carafe.jobs.scoring.sources.input import Input
from carafe.jobs.scoring.sources.source import Layout, Wanted
from carafe.schema import Column, Kind, Signature, Target, Task

CELL = st.text(st.sampled_from('ab1 .,;"\n\r\tä\0'), max_size=4)
PLAIN = st.text(st.sampled_from("ab1 .;ä"), max_size=4)
TEXTS = Signature(
    columns=tuple(Column(name=name, kind=Kind.TEXT, nullable=True) for name in "abc"),
    target=Target(name="y", task=Task.REGRESSION),
)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read a few lines at a time."""
    monkeypatch.setattr(delimited, "BATCH_ROWS", 2)
    monkeypatch.setattr(delimited, "_LEAST_BYTES", 1)


def read(text: str, *, piece: int = 7) -> tuple[list[tuple[object, ...]], list[int], list[tuple[int, str]]]:
    """Return the rows of a text, their lines, and what is refused."""
    stream = io.BytesIO(text.encode())
    source = DelimitedSource(
        Input(name="t.csv", read=lambda most: stream.read(min(piece, most))), Layout(delimiter=",")
    )
    rows: list[tuple[object, ...]] = []
    lines: list[int] = []
    refused: list[tuple[int, str]] = []
    for batch in source.batches(Wanted(signature=TEXTS, kept=source.names)):
        rows += batch.table.rows()
        lines += batch.lines.tolist()
        refused += [(one.line, one.problem.got) for one in batch.refused]
    return rows, lines, refused


def expected(text: str) -> tuple[list[tuple[object, ...]], list[int], list[tuple[int, str]]]:
    """Return the same by the csv module alone."""
    reader, begin = csv.reader(io.StringIO(text, newline=""), strict=True), 1
    rows: list[tuple[object, ...]] = []
    lines: list[int] = []
    refused: list[tuple[int, str]] = []
    for row in reader:
        if len(row) == 3 and begin > 1:
            rows.append(tuple(field or None for field in row))
            lines.append(begin)
        elif row and begin > 1:
            refused.append((begin, f"{len(row)} field{'' if len(row) == 1 else 's'}"))
        begin = reader.line_num + 1
    return rows, lines, refused


@given(
    table=st.lists(st.lists(PLAIN, min_size=0, max_size=4) | st.lists(PLAIN, min_size=3, max_size=3), max_size=9),
    ending=st.sampled_from(["\n", "\r\n", "\r"]),
    last=st.booleans(),
)
@example(table=[["a", "b", "c"], ["a", "b"], ["a", "b", "c", "d"]], ending="\n", last=True)
def test_lines_without_quotes_are_read_as_the_csv_module_reads_them(
    table: list[list[str]], ending: str, *, last: bool
) -> None:
    text = ending.join(["a,b,c", *map(",".join, table)]) + (ending if last else "")
    rows, lines, refused = read(text)
    assert (rows, lines, refused) == expected(text)


@given(table=st.lists(st.lists(CELL, min_size=1, max_size=4), max_size=8), piece=st.integers(1, 50))
def test_quoted_fields_line_breaks_within_them_and_all_are_read_as_the_csv_module_reads_them(
    table: list[list[str]], piece: int
) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([["a", "b", "c"], *table])
    rows, lines, refused = read(out.getvalue(), piece=piece)
    assert (rows, lines, refused) == expected(out.getvalue())


def test_ragged_lines_are_rejected_by_their_number_and_the_others_scored(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("area,bedrooms\n100,2\n100\n\n100,2,9\n50,1\n")
    summary = score(source, tmp_path / "out.csv")
    assert lines_of(tmp_path / "out.csv") == [
        ["area", "bedrooms", "prediction"],
        ["100", "2", "12000.0"],
        ["50", "1", "6000.0"],
    ]
    assert summary.counts.rejected == 2
    assert lines_of(tmp_path / "out.rejected.csv") == [
        ["line", "column", "got", "expected"],
        ["3", "", "1 field", "2, as in the header"],
        ["5", "", "3 fields", "2, as in the header"],
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "utf-32"])
def test_a_file_is_read_in_the_encoding_it_has(tmp_path: Path, encoding: str) -> None:
    source = tmp_path / "in.csv"
    source.write_bytes("area,bedrooms,Straße\n100,2,Köln\n50,1,Ulm\n".encode(encoding))
    score(source, tmp_path / "out.csv")
    assert lines_of(tmp_path / "out.csv") == [
        ["area", "bedrooms", "Straße", "prediction"],
        ["100", "2", "Köln", "12000.0"],
        ["50", "1", "Ulm", "6000.0"],
    ]


def test_bytes_that_are_no_text_are_named_with_their_line(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_bytes(b"area,bedrooms,note\n100,2,a\n100,2,\xff\n")
    with pytest.raises(UnreadableTable, match=r"in.csv, near line 3: not UTF-8; give its encoding with --encoding"):
        score(source, tmp_path / "out.csv", layout=Layout(encoding="utf-8"))


def test_a_wrong_encoding_is_said(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_bytes(b"area,bedrooms\n1,2\n")
    with pytest.raises(InvalidSetting, match="got 'base64'"):
        score(source, tmp_path / "out.csv", layout=Layout(encoding="base64"))
    with pytest.raises(UnreadableTable, match="is not utf-16 text"):
        score(source, tmp_path / "out.csv", layout=Layout(encoding="utf-16"))


@pytest.mark.parametrize(("name", "delimiter"), [("in.csv", ";"), ("in.tsv", "\t"), ("in.psv", "|")])
def test_the_delimiter_is_recognised(tmp_path: Path, name: str, delimiter: str) -> None:
    source = tmp_path / name
    source.write_text("area,bedrooms\n100,2\n".replace(",", delimiter))
    score(source, tmp_path / "out.tsv")
    assert (tmp_path / "out.tsv").read_text() == "area\tbedrooms\tprediction\n100\t2\t12000.0\n"


def test_empty_fields_are_written_back_as_they_came_in_blocks_with_quotes_and_without(tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    rows = ["1,,x", "2,,", '3,,"x, y"', "4,,", '5,"",z', "6,,", "7,,", "8,,", "9,2,"]
    source.write_text("\n".join(["area,bedrooms,note", *rows]) + "\n")
    score(source, target)
    written = [line.rpartition(",")[0] for line in target.read_text().splitlines()[1:]]
    assert written == [row.replace('""', "") for row in rows]


def test_a_misplaced_quote_is_named_and_can_be_read_as_a_character(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text('area,bedrooms,note\n100,2,fine\n100,2,"a" b\n100,2,5"\n')
    with pytest.raises(UnreadableTable, match=r"in.csv, line 3: a field that begins with a quote .* --no-quotes"):
        score(source, tmp_path / "out.csv")
    score(source, tmp_path / "out.csv", layout=Layout(quotes=False))
    assert [line[2] for line in lines_of(tmp_path / "out.csv")] == ["note", "fine", '"a" b', '5"']


def test_a_quote_that_never_ends_is_named_by_the_line_where_it_begins(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text('area,bedrooms,note\n100,2,a\n100,2,"b\n' + "100,2,c\n" * 50)
    with pytest.raises(UnreadableTable, match=r"in.csv, line 3: "):
        score(source, tmp_path / "out.csv")


@pytest.mark.parametrize(
    ("content", "story"), [("", "is empty"), ("\n\n", "has no header"), ("a,a\n1,2\n", "twice|once")]
)
def test_a_file_that_holds_no_table_is_refused(tmp_path: Path, content: str, story: str) -> None:
    (tmp_path / "in.csv").write_text(content)
    with pytest.raises(UnreadableTable, match=story):
        score(tmp_path / "in.csv", tmp_path / "out.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv"]


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet", "arrow"])
def test_a_header_without_rows_gives_an_output_without_rows(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "in.csv").write_text("area,bedrooms\n")
    summary = score(tmp_path / "in.csv", tmp_path / f"out.{suffix}")
    assert (summary.counts.scored, summary.counts.rejected) == (0, 0)
    assert (tmp_path / f"out.{suffix}").exists()
