from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from carafe.errors import UnreadableTable
from carafe.tables import ReadOptions, read_table, write_table
from carafe.tables.query_sql import read_query

FRAME = pl.DataFrame({"n": [1, None, 3], "x": [0.5, 1.5, None], "word": ["a", "", "ü"], "yes": [True, False, None]})


def test_the_cells_of_a_csv_file_come_as_they_stand(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("a,b\n007,\n x ,1.50\n")
    assert read_table(file).to_dict(as_series=False) == {"a": ["007", " x "], "b": ["", "1.50"]}


@pytest.mark.parametrize("name", ["t.parquet", "t.jsonl"])
def test_typed_formats_keep_their_types(tmp_path: Path, name: str) -> None:
    write_table(FRAME, tmp_path / name)
    assert read_table(tmp_path / name).equals(FRAME)


def test_arrow_and_json_files_are_read(tmp_path: Path) -> None:
    FRAME.write_ipc(tmp_path / "t.arrow")
    (tmp_path / "t.json").write_text('[{"a": 1, "b": "x"}, {"a": null, "b": "y"}]')
    assert read_table(tmp_path / "t.arrow").equals(FRAME)
    assert read_table(tmp_path / "t.json").to_dicts() == [{"a": 1, "b": "x"}, {"a": None, "b": "y"}]


def test_csv_that_is_written_is_read_back_as_text(tmp_path: Path) -> None:
    write_table(FRAME.select("n", "word"), tmp_path / "t.tsv")
    assert read_table(tmp_path / "t.tsv").to_dict(as_series=False) == {"n": ["1", "", "3"], "word": ["a", "", "ü"]}


def workbook(folder: Path, header: tuple[str, ...] = ("when", "price", "word")) -> Path:
    file = folder / "t.xlsx"
    book = xlsxwriter.Workbook(file)
    book.add_worksheet("notes").write(0, 0, "nothing here")
    sheet = book.add_worksheet("sales")
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.write_row(0, 0, header)
    sheet.write_datetime(1, 0, datetime.fromisoformat("2024-05-01T00:00:00"), day)
    sheet.write_row(1, 1, (1.5, "a"))
    sheet.write_datetime(2, 0, datetime.fromisoformat("2024-05-02T00:00:00"), day)
    sheet.write_row(2, 1, (2, "b"))
    book.close()
    return file


def test_a_sheet_is_read_by_name(tmp_path: Path) -> None:
    frame = read_table(workbook(tmp_path), options=ReadOptions(sheet="sales"))
    assert frame["price"].to_list() == [1.5, 2.0]
    assert frame["when"].dtype.is_temporal()
    assert frame["word"].to_list() == ["a", "b"]


def test_a_sheet_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTable, match="no sheet 'sale'; it has: notes, sales"):
        read_table(workbook(tmp_path), options=ReadOptions(sheet="sale"))


def test_an_empty_sheet_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "t.xlsx"
    book = xlsxwriter.Workbook(file)
    book.add_worksheet("nothing")
    book.close()
    with pytest.raises(UnreadableTable):
        read_table(file)


def test_names_that_come_twice_in_a_sheet_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTable, match="come more than once: 'price'"):
        read_table(workbook(tmp_path, ("price", "price", "word")), options=ReadOptions(sheet="sales"))


@pytest.mark.parametrize("name", ["t.parquet", "t.xlsx", "t.jsonl", "t.json", "t.arrow"])
def test_a_file_that_is_not_what_its_name_says_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\x00certainly not {")
    with pytest.raises(UnreadableTable, match=rf"{name} can't be read as"):
        read_table(tmp_path / name)


def test_an_unknown_ending_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    (tmp_path / "t.docx").write_text("x")
    with pytest.raises(UnreadableTable, match=r"one of .*\.csv.*\.parquet"):
        read_table(tmp_path / "t.docx")
    with pytest.raises(UnreadableTable, match=r"written as \.csv, \.tsv, \.parquet or \.jsonl"):
        write_table(FRAME, tmp_path / "t.docx")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTable, match=r"there is no file .*none\.csv"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(UnreadableTable, match="is a folder"):
        read_table(tmp_path)
    with pytest.raises(UnreadableTable, match="none"):
        write_table(FRAME, tmp_path / "none" / "t.csv")


def test_a_table_that_its_format_can_not_hold_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        UnreadableTable, match=r"t\.csv: the table can't be written as \.csv \(CSV format does not support"
    ):
        write_table(pl.DataFrame({"list": [[1]]}), tmp_path / "t.csv")


@pytest.mark.parametrize(
    ("source", "options", "story"),
    [
        (None, ReadOptions(), "name a file"),
        (None, ReadOptions(query="SELECT 1"), "a query needs a database"),
        (None, ReadOptions(database="sqlite://"), "a query needs a database"),
        ("t.csv", ReadOptions(query="SELECT 1", database="sqlite://"), "not both"),
    ],
)
def test_a_table_comes_from_one_place(source: str | None, options: ReadOptions, story: str) -> None:
    with pytest.raises(UnreadableTable, match=story):
        read_table(source, options=options)


@pytest.fixture
def shop(tmp_path: Path) -> str:
    connection = sqlite3.connect(tmp_path / "shop.db")
    connection.execute("CREATE TABLE sale (price REAL, word TEXT)")
    connection.executemany("INSERT INTO sale VALUES (?, ?)", [(1.5, "a"), (None, "b"), (3.0, None)])
    connection.commit()
    connection.close()
    return f"sqlite:///{tmp_path / 'shop.db'}"


def test_a_query_is_read_with_its_types(shop: str) -> None:
    frame = read_table(options=ReadOptions(query="SELECT word, price FROM sale WHERE price > 1", database=shop))
    assert frame.to_dict(as_series=False) == {"word": ["a", None], "price": [1.5, 3.0]}


@pytest.mark.parametrize("query", ["DELETE FROM sale", "INSERT INTO sale VALUES (1, 'x')", "DROP TABLE sale"])
def test_a_query_changes_nothing(shop: str, query: str) -> None:
    with pytest.raises(UnreadableTable):
        read_table(options=ReadOptions(query=query, database=shop))
    kept = read_table(options=ReadOptions(query="SELECT count(*) AS n FROM sale", database=shop))
    assert kept["n"].to_list() == [3]


@pytest.mark.parametrize(
    ("query", "story"),
    [
        ("SELECT colour FROM sale", "no such column: colour"),
        ("SELEC", "syntax error"),
        ("SELECT price FROM sale WHERE price > 99", "no rows"),
        ("SELECT price, price FROM sale", "come more than once"),
        ("SELECT price FROM sale; SELECT 1", "one statement"),
        ("PRAGMA query_only = OFF", "no table: write a SELECT"),
    ],
)
def test_a_failing_query_says_why(shop: str, query: str, story: str) -> None:
    with pytest.raises(UnreadableTable, match=story):
        read_table(options=ReadOptions(query=query, database=shop))


def test_a_query_makes_no_other_database(shop: str, tmp_path: Path) -> None:
    for query in (f"ATTACH '{tmp_path / 'other.db'}' AS other", f"VACUUM INTO '{tmp_path / 'other.db'}'"):
        with pytest.raises(UnreadableTable, match=r"shop\.db: (not authorized|authorization denied)"):
            read_table(options=ReadOptions(query=query, database=shop))
        assert not (tmp_path / "other.db").exists()


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTable, match="there is no database"):
        read_table(options=ReadOptions(query="SELECT 1", database=f"sqlite:///{tmp_path / 'none.db'}"))
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize(
    "database",
    [
        "nodialect://me:s3cr3t@host/db",
        "postgresql+nodriver://me:s3cr3t@host/db",
        "postgresql://me:s3cr3t@127.0.0.1:1/db",
        "mysql+pymysql://me:s3cr3t@127.0.0.1:1/db?password=s3cr3t",
        "me:s3cr3t@host",
        "postgresql://me:s3cr3t@host:notaport/db",
    ],
)
def test_the_password_of_a_database_is_never_said(database: str) -> None:
    options = ReadOptions(query="SELECT 1", database=database)
    with pytest.raises(UnreadableTable) as caught:
        read_table(options=options)
    assert "s3cr3t" not in f"{caught.value}{options!r}"
    assert caught.value.__cause__ is None


def test_an_answer_of_too_many_rows_is_refused(shop: str) -> None:
    with pytest.raises(UnreadableTable, match="more than 2 rows: add a LIMIT"):
        read_query("SELECT * FROM sale", database=shop, max_rows=2)


@pytest.mark.parametrize(
    ("name", "rows"),
    [("titanic.csv", 891), ("taxis.csv", 6_433), ("sms_spam.tsv", 5_574), ("telco_churn.csv", 7_043)],
)
def test_real_tables_are_read_whole(real_table: Callable[[str], Path], name: str, rows: int) -> None:
    assert read_table(real_table(name)).height == rows
