from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from carafe.cli.example import SOURCES
from carafe.cli.main import main


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["example", *arguments])


def made() -> list[str]:
    """Return the examples whose room is built."""
    return [name for name, module in SOURCES.items() if find_spec(module) is not None]


@pytest.mark.parametrize("name", made())
def test_an_example_is_printed_as_csv(name: str) -> None:
    result = run(name)
    assert result.exit_code == 0, result.output
    assert len(result.stdout.splitlines()) > 100


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])
def test_an_example_is_written_to_a_file(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"houses.{ending}"
    result = run("houses", "-o", str(file))
    assert result.exit_code == 0, result.output
    assert "400 rows, columns area, bedrooms, bathrooms, age, price" in result.stderr
    assert file.stat().st_size > 1_000
    if ending == "csv":
        assert pl.read_csv(file).columns == ["area", "bedrooms", "bathrooms", "age", "price"]


def test_an_unknown_example_is_answered_with_the_known_ones() -> None:
    result = run("castles")
    assert result.exit_code == 2
    assert "'houses', 'points', 'iris'" in result.output


def test_a_file_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    result = run("houses", "-o", str(tmp_path / "none" / "h.csv"))
    assert result.exit_code == 1
    assert "[unreadable-table]" in result.output
