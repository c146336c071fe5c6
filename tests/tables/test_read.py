from __future__ import annotations

from pathlib import Path

import pytest

from carafe.errors import UnreadableTable
from carafe.tables import read_table


def test_the_cells_of_a_csv_file_come_as_they_stand(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("a,b\n007,\n x ,1.50\n")
    assert read_table(file).to_dict(as_series=False) == {"a": ["007", " x "], "b": ["", "1.50"]}


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTable, match=r"there is no file .*none\.csv"):
        read_table(tmp_path / "none.csv")
