from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from carafe.errors import InvalidSetting, RaggedTable, UnreadableTable
from carafe.tables import ReadOptions, read_table
from carafe.tables.delimited import CHUNK_ROWS

CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12) | st.text(
    ",;\t|\"\n\r '", max_size=6
)


def write(folder: Path, text: str | bytes, name: str = "t.csv") -> Path:
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def cells(frame: pl.DataFrame) -> list[list[str]]:
    return [list(row) for row in frame.rows()]


@given(
    rows=st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1)),
    delimiter=st.sampled_from(",;\t|"),
    dialect=st.sampled_from([("\r\n", csv.QUOTE_MINIMAL), ("\n", csv.QUOTE_ALL)]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_what_a_csv_writer_writes_is_read_back(
    tmp_path: Path, rows: list[list[str]], delimiter: str, dialect: tuple[str, Any], encoding: str
) -> None:
    names = [f"column {position}" for position in range(len(rows[0]))]
    file = tmp_path / "t.csv"
    with file.open("w", encoding=encoding, newline="") as out:
        csv.writer(out, delimiter=delimiter, lineterminator=dialect[0], quoting=dialect[1]).writerows([names, *rows])
    frame = read_table(file, options=ReadOptions(delimiter=delimiter))
    assert frame.columns == names
    assert cells(frame) == rows


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_recognised(tmp_path: Path, delimiter: str) -> None:
    lines = ["name,first|second", "x;y", "Smith, John|a", "1,5;2,5"]
    text = delimiter.join(['"a"', "b"]) + "\n" + "".join(f'"{line}"{delimiter}1,5\n' for line in lines[:3])
    text = text if delimiter != "," else text.replace("1,5", "1.5")
    frame = read_table(write(tmp_path, text))
    assert frame.columns == ["a", "b"]
    assert frame["a"].to_list() == lines[:3]


def test_decimal_commas_between_semicolons_separate_nothing(tmp_path: Path) -> None:
    frame = read_table(write(tmp_path, "price;area\n1,5;2,25\n3,5;4,75\n"))
    assert cells(frame) == [["1,5", "2,25"], ["3,5", "4,75"]]


def test_a_given_decimal_comma_turns_numbers_into_points_and_leaves_words_alone(tmp_path: Path) -> None:
    file = write(tmp_path, "price;word;mixed\n1.234,5;a,b;1,5\n;c,d;x\n2;e;2\n")
    frame = read_table(file, options=ReadOptions(decimal=","))
    assert frame["price"].to_list() == ["1234.5", None, "2"]
    assert frame["word"].to_list() == ["a,b", "c,d", "e"]
    assert frame["mixed"].to_list() == ["1,5", "x", "2"]


def test_a_table_of_one_column_needs_no_delimiter(tmp_path: Path) -> None:
    assert cells(read_table(write(tmp_path, "n\n1\n2\n"))) == [["1"], ["2"]]


def test_sentences_in_one_column_may_hold_commas(tmp_path: Path) -> None:
    frame = read_table(write(tmp_path, "message\nyes, and no\nno\nyes, no, or both\n"))
    assert frame["message"].to_list() == ["yes, and no", "no", "yes, no, or both"]


def test_a_title_above_the_header_is_named_with_the_lines_that_disagree(tmp_path: Path) -> None:
    with pytest.raises(RaggedTable, match=r"header's 1: line 2 \(2 fields\), line 3"):
        read_table(write(tmp_path, "Sales of 2024\na,b\n1,2\n3,4\n"))


def test_names_that_only_look_different_to_a_machine_are_the_same(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTable, match="come more than once: 'caf\u00e9'"):
        read_table(write(tmp_path, "caf\u00e9,cafe\u0301\n1,2\n"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_the_encoding_is_recognised(tmp_path: Path, encoding: str) -> None:
    file = write(tmp_path, "city,price\nZürich,1\nMálaga,2\n".encode(encoding))
    assert read_table(file)["city"].to_list() == ["Zürich", "Málaga"]


def test_a_given_encoding_that_does_not_fit_is_an_error_that_names_it(tmp_path: Path) -> None:
    file = write(tmp_path, "city\nZürich\n".encode("cp1252"))
    with pytest.raises(UnreadableTable, match=r"t\.csv.*not ascii text; give its encoding"):
        read_table(file, options=ReadOptions(encoding="ascii"))


def test_bytes_that_are_no_text_ask_for_the_encoding(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTable, match="neither UTF-8 nor Windows-1252"):
        read_table(write(tmp_path, b"a,b\n\x81\x8d,1\n"))


def test_nul_characters_are_refused_with_their_line(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTable, match="line 3: holds a NUL character"):
        read_table(write(tmp_path, "alpha,beta\n1,2\n3\0,4\n"))


def test_ragged_lines_are_named_by_where_they_begin_in_the_file(tmp_path: Path) -> None:
    text = 'a,b,c\n1,"two\nlines",3\n1,2\n\n"x\ny",2,3,4\n1,2,3\n'
    with pytest.raises(RaggedTable) as caught:
        read_table(write(tmp_path, text))
    assert "header's 3: line 4 (2 fields), line 6 (4 fields). Mend them" in str(caught.value)


def test_of_many_ragged_lines_the_first_ten_are_named(tmp_path: Path) -> None:
    with pytest.raises(RaggedTable) as caught:
        read_table(write(tmp_path, "a,b\n1,2\n" + "1\n" * 500))
    assert "500 of the lines" in str(caught.value)
    assert "line 12 (1 field), ..." in str(caught.value)
    assert "line 13" not in str(caught.value)


def test_plain_text_between_tabs_keeps_its_quotes(tmp_path: Path) -> None:
    file = write(tmp_path, 'label\tmessage\nham\t"Hi" she said\nham\t"open\n', "t.tsv")
    assert read_table(file)["message"].to_list() == ['"Hi" she said', '"open']


def test_a_misplaced_quote_is_named_by_its_line(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTable, match="line 3: a field that begins with a quote must end with one"):
        read_table(write(tmp_path, 'a,b\n1,2\n"x"y,"1,2"\n'))


def test_a_quote_that_never_closes_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTable, match="line 2: a field that begins with a quote"):
        read_table(write(tmp_path, 'a,b\n"x,1\n2,3,4\n'))


@pytest.mark.parametrize(
    ("text", "story"),
    [
        ("", "is empty"),
        ("\n\n", "has no header"),
        (" , \n1,2\n", "has no header"),
        ("a,b\n", "a header but no rows"),
        ("a,b,a\n1,2,3\n", "come more than once: 'a'"),
        ("a, a\n1,2\n", "come more than once: 'a'"),
    ],
)
def test_a_file_without_a_table_is_an_error(tmp_path: Path, text: str, story: str) -> None:
    with pytest.raises(UnreadableTable, match=story):
        read_table(write(tmp_path, text))


def test_a_column_without_a_name_is_called_by_its_position(tmp_path: Path) -> None:
    assert read_table(write(tmp_path, ",x\n0,5\n1,6\n")).columns == ["unnamed_1", "x"]


def test_more_columns_than_can_be_worked_with_are_a_clear_error(tmp_path: Path) -> None:
    header = ",".join(f"c{number}" for number in range(100_000))
    with pytest.raises(UnreadableTable, match="100,000 columns, at most 10,000"):
        read_table(write(tmp_path, f"{header}\n{header}\n"))


def test_a_table_of_more_rows_than_one_chunk_is_whole(tmp_path: Path) -> None:
    rows = CHUNK_ROWS + 7
    frame = read_table(write(tmp_path, "n\n" + "".join(f"{number}\n" for number in range(rows))))
    assert frame["n"].to_list() == [str(number) for number in range(rows)]


def test_a_very_long_field_is_read(tmp_path: Path) -> None:
    assert read_table(write(tmp_path, "a,b\n" + "x" * 1_000_000 + ",2\n"))["a"][0] == "x" * 1_000_000


def test_a_field_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("carafe.tables.delimited.MAX_FIELD", 1_000)
    with pytest.raises(UnreadableTable, match="line 2: a field of more than 1,000 characters"):
        read_table(write(tmp_path, "a,b\n" + "x" * 2_000 + ",2\n"))


def test_text_that_turns_into_something_else_is_named_by_its_line(tmp_path: Path) -> None:
    text = b"a,b\n" + b"1,2\n" * 50_000 + b"\xff\xfe,2\n"
    with pytest.raises(UnreadableTable, match=r"near line \d+: not utf-8 text"):
        read_table(write(tmp_path, text), options=ReadOptions(encoding="utf-8"))


@pytest.mark.parametrize(
    ("options", "story"),
    [
        (ReadOptions(delimiter=",,"), "delimiter: got ',,'"),
        (ReadOptions(encoding="klingon"), "encoding: got 'klingon'"),
        (ReadOptions(encoding="base64"), "encoding: got 'base64', expected one that Python knows"),
        (ReadOptions(encoding="utf\0"), "encoding: got 'utf.x00', expected one that Python knows"),
        (ReadOptions(decimal="x"), "decimal: got 'x'"),
    ],
)
def test_options_that_can_not_be_are_refused(tmp_path: Path, options: ReadOptions, story: str) -> None:
    with pytest.raises(InvalidSetting, match=story):
        read_table(write(tmp_path, "a,b\n1,2\n"), options=options)
