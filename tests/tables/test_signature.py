from __future__ import annotations

from collections.abc import Sequence

import msgspec
import polars as pl
import pytest

from carafe.errors import UnknownColumn, UntrainableTable
from carafe.schema import Kind, Signature, Task
from carafe.tables import infer_task, profile_table, signature_of
from carafe.tables.signature import MAX_CATEGORIES


def task_of(values: Sequence[object]) -> Task:
    return infer_task(profile_table(pl.DataFrame({"y": values}), target="y"), "y")


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (["a", "b", "c"], Task.CLASSIFICATION),
        (["many words here", "and more words", "still more words"], Task.CLASSIFICATION),
        ([True, False], Task.CLASSIFICATION),
        (["true", "false"], Task.CLASSIFICATION),
        ([0.5, 1.5, 0.5], Task.CLASSIFICATION),
        ([0, 1, 2] * 10, Task.CLASSIFICATION),
        (["0", "1", "2"] * 10, Task.CLASSIFICATION),
        ([0, 1, 2, 3, 4, 5], Task.REGRESSION),
        (list(range(20)) * 10, Task.REGRESSION),
        ([0.5, 1.5, 2.5] * 10, Task.REGRESSION),
        (["1,5", "2", "3"] * 10, Task.REGRESSION),
    ],
)
def test_the_task_is_told_by_the_target(values: list[object], task: Task) -> None:
    assert task_of(values) is task


@pytest.mark.parametrize(
    ("values", "story"),
    [
        ([1, 1, 1], "every value is the same"),
        ([None, None], "every value is missing"),
        (["2024-01-01", "2024-01-02"], "holds dates"),
    ],
)
def test_a_target_that_can_not_be_learnt_says_why(values: list[object], story: str) -> None:
    with pytest.raises(UntrainableTable, match=f"'y'.*{story}"):
        task_of(values)


def signature(frame: pl.DataFrame, target: str, **chosen: object) -> Signature:
    return signature_of(frame, profile_table(frame, target=target), target=target, **chosen)  # type: ignore[arg-type]


TABLE = pl.DataFrame(
    {
        "id": ["a1", "a2", "a3", "a4"],
        "rooms": ["3", "1", "", "2"],
        "area": ["1.5", "2", "7.5", "2.5"],
        "city": ["Ulm", "Bonn", "Bonn", ""],
        "sold": ["true", "false", "true", "true"],
        "day": ["2024-05-01", "2024-05-02", "2024-05-03", "2024-05-03"],
        "note": ["two words", "and three words", "four more words here", "two words"],
        "y": ["1", "0", "1", "0"],
    }
)


def test_a_signature_says_what_training_met() -> None:
    rooms, area, city, sold, day, note = signature(TABLE, "y").columns
    assert (rooms.kind, rooms.nullable, rooms.minimum, rooms.maximum, rooms.example) == (Kind.INTEGER, True, 1, 3, 2)
    assert (area.kind, area.nullable, area.minimum, area.maximum) == (Kind.NUMBER, False, 1.5, 7.5)
    assert (city.kind, city.nullable, city.categories, city.example) == (Kind.CATEGORY, True, ("Bonn", "Ulm"), "Bonn")
    assert (sold.kind, sold.example) == (Kind.BOOLEAN, True)
    assert (day.kind, day.example) == (Kind.DATETIME, "2024-05-03T00:00:00")
    assert (note.kind, note.example) == (Kind.TEXT, "two words")


def test_labels_keep_their_type_in_order() -> None:
    assert signature(TABLE, "y").target.classes == (0, 1)
    assert signature(TABLE, "sold").target.classes == (False, True)
    assert signature(TABLE, "city").target.classes == ("Bonn", "Ulm")
    assert signature(TABLE, "area").target.task is Task.REGRESSION
    assert signature(TABLE, "area").target.classes == ()


def test_a_signature_survives_being_written_down() -> None:
    written = msgspec.json.encode(signature(TABLE, "y"))
    assert msgspec.json.decode(written, type=Signature) == signature(TABLE, "y")


def test_columns_kinds_and_task_can_be_chosen() -> None:
    chosen = signature(TABLE, "y", columns=["rooms", "city"], kinds={"rooms": Kind.CATEGORY}, task=Task.REGRESSION)
    assert chosen.names == ("rooms", "city")
    assert chosen.columns[0].categories == (1, 2, 3)
    assert chosen.target.task is Task.REGRESSION


def test_of_very_many_categories_the_frequent_ones_are_listed() -> None:
    values = [f"c{n}" for n in range(MAX_CATEGORIES + 50)] * 2 + ["c1049"]
    frame = pl.DataFrame({"c": values, "y": [n % 2 for n in range(len(values))]})
    (column,) = signature(frame, "y").columns
    assert len(column.categories) == MAX_CATEGORIES
    assert column.categories[0] == "c1049"


def test_without_a_column_to_learn_from_there_is_no_signature() -> None:
    frame = pl.DataFrame({"id": ["a", "b", "c"], "y": [0, 1, 0]})
    with pytest.raises(UntrainableTable, match="no column is left"):
        signature(frame, "y")
    with pytest.raises(UnknownColumn, match="'z'"):
        signature(TABLE, "y", columns=["z"])
