from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from carafe.cli.main import main

CSV = """id,area,city,note,price
a1,10.5,Ulm,quiet street north,1
a2,,Bonn,busy road,0
a3,7,Bonn,\x1b[31mred door here,1
a4,8,Ulm,old mill lane,0
"""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["inspect", *arguments])


@pytest.fixture
def table(tmp_path: Path) -> str:
    file = tmp_path / "flats.csv"
    file.write_text(CSV + CSV.splitlines()[1] + "\n")
    return str(file)


def test_every_column_is_shown_with_its_decision(table: str) -> None:
    result = run(table, "--target", "price")
    assert result.exit_code == 0, result.output
    lines = {line.split("│")[1].strip(): line for line in result.output.splitlines() if line.startswith("│")}
    assert lines.keys() == {"id", "area", "city", "note", "price"}
    assert "number" in lines["area"]
    assert "20.0%" in lines["area"]
    assert "7 to 10.5" in lines["area"]
    assert "used: 2 different strings in 5" in lines["city"]
    assert "target of a classification: whole numbers" in lines["price"]
    assert "Duplicates: 1 row repeats an earlier one" in result.output


def test_what_a_terminal_would_obey_is_not_printed(table: str) -> None:
    assert "\x1b" not in run(table).output


def test_machines_get_json(table: str) -> None:
    found = json.loads(run(table, "--target", "price", "--json").stdout)
    assert (found["rows"], found["duplicates"], found["target"], found["task"]) == (5, 1, "price", "classification")
    area = next(column for column in found["columns"] if column["name"] == "area")
    assert area == {
        "name": "area",
        "role": "number",
        "used": True,
        "missing": 1,
        "missing_share": 0.2,
        "distinct": 3,
        "minimum": 7.0,
        "maximum": 10.5,
        "examples": ["10.5", "7.0", "8.0"],
        "reason": "numbers",
    }
    assert found["leaks"] == []


def test_a_target_that_can_not_be_learnt_is_said_below_the_table(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("x,y\n1,5\n2,5\n")
    result = run(str(file), "--target", "y")
    assert result.exit_code == 0
    assert "Can't be learnt: the target 'y' can't be learnt: every value is the same." in result.output
    assert json.loads(run(str(file), "--target", "y", "--json").stdout)["obstacle"]


def test_options_say_how_a_file_is_written(tmp_path: Path) -> None:
    file = tmp_path / "t.txt"
    file.write_bytes("stra\u00dfe#preis\nAllee#1,250\nGasse#2,500\n".encode("cp1252"))
    result = run(str(file), "--delimiter", "#", "--decimal", ",", "--encoding", "cp1252", "--json")
    street, price = json.loads(result.stdout)["columns"]
    assert street["name"] == "stra\u00dfe"
    assert (price["role"], price["maximum"]) == ("number", 2.5)


def test_tabs_have_a_name(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("a,b\tc\n1,2\t3\n")
    assert [c["name"] for c in json.loads(run(str(file), "--delimiter", "tab", "--json").stdout)["columns"]] == [
        "a,b",
        "c",
    ]


def test_a_query_is_inspected_like_a_file(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "shop.db")
    connection.executescript("CREATE TABLE sale (n INTEGER); INSERT INTO sale VALUES (1), (4);")
    connection.close()
    result = run("--sql", "SELECT n FROM sale", "--database", f"sqlite:///{tmp_path / 'shop.db'}", "--json")
    assert json.loads(result.stdout)["columns"][0]["maximum"] == 4


def test_without_data_the_command_line_is_wrong() -> None:
    result = run()
    assert result.exit_code == 2
    assert "name a file, or give --sql QUERY and --database URL" in result.output


@pytest.mark.parametrize(
    ("arguments", "story"),
    [
        (["none.csv"], "there is no file none.csv"),
        (["--sql", "SELECT 1"], "a query needs a database"),
    ],
)
def test_what_can_not_be_read_is_told_in_one_line(arguments: list[str], story: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 1
    assert "[unreadable-table]" in result.output
    assert story in result.output


def test_an_unknown_target_is_answered_with_what_looks_like_it(table: str) -> None:
    result = run(table, "--target", "prise")
    assert result.exit_code == 1
    assert "did you mean 'price'?" in result.output


def test_the_leak_of_a_taxi_ride_is_said(real_table: Callable[[str], Path]) -> None:
    result = run(str(real_table("taxis.csv")), "--target", "tip")
    assert "Leak: total: total = tip + fare + tolls" in result.output
    assert "left out, it leaks" in result.output
