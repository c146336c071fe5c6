from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing.parametric import dataframes

from carafe.errors import UnknownColumn, UnreadableTable
from carafe.tables import Role, cast_frame, profile_table, read_table
from carafe.tables.profile import override_roles

AWKWARD = st.sampled_from(
    ["", " ", "NA", "?", "-", "007", "1", "1.5", "1,5", "true", "2024-05-01", "x y z", "é", "\ud83d"[:0]]
)


@given(frame=dataframes(min_cols=1, max_cols=4, min_size=1, max_size=20))
@settings(max_examples=200, deadline=None)
def test_every_table_has_a_profile(frame: pl.DataFrame) -> None:
    profile = profile_table(frame)
    assert [column.name for column in profile.columns] == frame.columns
    typed = cast_frame(frame, profile)
    assert [typed[c.name].null_count() for c in profile.columns] == [c.missing for c in profile.columns]
    assert all(column.reason for column in profile.columns)


@given(values=st.lists(AWKWARD | st.text(max_size=5), min_size=1, max_size=12), target=st.booleans())
@settings(deadline=None)
def test_every_text_column_is_typed_once(values: list[str], target: Any) -> None:  # noqa: ANN401
    frame = pl.DataFrame({"x": values})
    profile = profile_table(frame, target="x" if target else None)
    typed = cast_frame(frame, profile)
    assert cast_frame(typed, profile).equals(typed)
    if target:
        assert profile.columns[0].role not in {Role.IDENTIFIER, Role.TEXT}


def test_a_profile_counts_ranges_and_shows_examples() -> None:
    frame = pl.DataFrame(
        {"n": ["3", "", "1", "3"], "day": ["2024-05-02", "2024-05-01", "", ""], "w": ["b", "a", "b", "b"]}
    )
    n, day, w = profile_table(frame).columns
    assert (n.missing, n.distinct, n.minimum, n.maximum, n.examples) == (1, 2, 1.0, 3.0, ("3", "1"))
    assert (day.minimum, day.maximum) == ("2024-05-01T00:00:00", "2024-05-02T00:00:00")
    assert (w.minimum, w.maximum, w.examples) == (None, None, ("b", "a"))


def test_repeated_rows_are_counted() -> None:
    assert profile_table(pl.DataFrame({"a": [1, 1, 2, 1], "b": [None, None, "x", None]})).duplicates == 2


def test_a_constant_column_is_left_out_and_one_with_gaps_is_not() -> None:
    frame = pl.DataFrame({"same": ["a", "a"], "gaps": ["a", None], "n": [1, 2]})
    profile = profile_table(frame, target="n")
    assert [column.role for column in profile.columns[:2]] == [Role.CONSTANT, Role.CATEGORY]
    assert [column.name for column in profile.features] == ["gaps"]


def test_in_one_row_everything_is_constant() -> None:
    profile = profile_table(pl.DataFrame({"a": [1], "b": ["x"], "c": [None]}))
    assert {column.role for column in profile.columns} == {Role.CONSTANT}


def test_a_target_that_is_not_there_is_answered_with_what_looks_like_it() -> None:
    with pytest.raises(UnknownColumn, match="no column 'Prise'; did you mean 'price'"):
        profile_table(pl.DataFrame({"price": [1], "area": [2]}), target="Prise")
    with pytest.raises(UnknownColumn, match="it has: price, area"):
        profile_table(pl.DataFrame({"price": [1], "area": [2]}), target="zzz")


@pytest.mark.parametrize(
    ("frame", "story"),
    [
        (pl.DataFrame(), "no columns"),
        (pl.DataFrame({"a": []}), "no rows"),
        (pl.DataFrame({f"c{n}": [1] for n in range(10_001)}), "10,001 columns, at most 10,000"),
    ],
)
def test_what_is_no_table_is_refused(frame: pl.DataFrame, story: str) -> None:
    with pytest.raises(UnreadableTable, match=story):
        profile_table(frame)


def test_a_chosen_role_replaces_the_decision_and_says_so() -> None:
    frame = pl.DataFrame({"class": ["1", "2", "1"], "code": ["a1", "a2", "a3"], "n": [1, 2, 3]})
    profile = override_roles(frame, profile_table(frame), {"class": Role.CATEGORY, "code": Role.CATEGORY})
    assert profile.by_name["class"].role is Role.CATEGORY
    assert "chosen; it would be integer" in profile.by_name["class"].reason
    assert cast_frame(frame, profile)["class"].to_list() == ["1", "2", "1"]
    assert profile.by_name["n"] == profile_table(frame).by_name["n"]
    with pytest.raises(UnknownColumn, match="'klass'"):
        override_roles(frame, profile, {"klass": Role.TEXT})


@pytest.mark.parametrize(
    ("values", "role", "typed"),
    [
        ([1.0, 2.0, None], Role.CATEGORY, ["1", "2", None]),
        ([1.5, 2.0, None], Role.CATEGORY, ["1.5", "2.0", None]),
        ([True, False, None], Role.CATEGORY, ["true", "false", None]),
        ([1, 2, 1], Role.NUMERIC, [1.0, 2.0, 1.0]),
        ([1.5, 2.0, 3.0], Role.INTEGER, [None, 2, 3]),
        (["3/4/2024", "soon", "x"], Role.DATETIME, [datetime.fromisoformat("2024-03-04"), None, None]),
        ([1, 2, 1], Role.TEXT, ["1", "2", "1"]),
    ],
)
def test_a_role_can_be_chosen_for_any_column(values: list[object], role: Role, typed: list[object]) -> None:
    frame = pl.DataFrame({"x": values})
    profile = override_roles(frame, profile_table(frame), {"x": role})
    assert cast_frame(frame, profile)["x"].to_list() == typed


def test_a_column_chosen_as_numeric_reads_the_numbers_in_it() -> None:
    frame = pl.DataFrame({"n": ["1.5", "x", "2"]})
    profile = override_roles(frame, profile_table(frame), {"n": Role.NUMERIC})
    assert cast_frame(frame, profile)["n"].to_list() == [1.5, None, 2.0]
    assert profile.columns[0].missing == 1


def roles_of(path: Path, target: str) -> dict[str, Role]:
    frame = read_table(path)
    return {column.name: column.role for column in profile_table(frame, target=target).columns}


def test_the_roles_of_titanic(real_table: Callable[[str], Path]) -> None:
    roles = roles_of(real_table("titanic.csv"), "Survived")
    assert roles.pop("PassengerId") is Role.IDENTIFIER
    assert roles.pop("Name") is Role.TEXT
    assert {name for name, role in roles.items() if role is Role.CATEGORY} == {"Sex", "Ticket", "Cabin", "Embarked"}
    assert {name for name, role in roles.items() if role is Role.NUMERIC} == {"Age", "Fare"}
    assert {name for name, role in roles.items() if role is Role.INTEGER} == {"Survived", "Pclass", "SibSp", "Parch"}


def test_the_roles_of_telco_churn(real_table: Callable[[str], Path]) -> None:
    frame = read_table(real_table("telco_churn.csv"))
    profile = profile_table(frame, target="Churn")
    assert profile.by_name["customerID"].role is Role.IDENTIFIER
    assert profile.by_name["TotalCharges"].role is Role.NUMERIC
    assert profile.by_name["TotalCharges"].missing == 11
    assert profile.by_name["Churn"].role is Role.CATEGORY
    assert profile.by_name["tenure"].role is Role.INTEGER


def test_the_roles_of_the_other_tables(real_table: Callable[[str], Path]) -> None:
    mpg = roles_of(real_table("mpg.csv"), "mpg")
    assert mpg["name"] is Role.TEXT
    assert mpg["horsepower"] is Role.INTEGER
    taxis = roles_of(real_table("taxis.csv"), "tip")
    assert taxis["pickup"] is taxis["dropoff"] is Role.DATETIME
    assert taxis["pickup_zone"] is Role.CATEGORY
    assert roles_of(real_table("sms_spam.tsv"), "label") == {"label": Role.CATEGORY, "message": Role.TEXT}
    assert roles_of(real_table("airline_passengers.csv"), "Passengers")["Month"] is Role.DATETIME
    assert set(roles_of(real_table("pima_diabetes.csv"), "diabetic").values()) == {Role.INTEGER, Role.NUMERIC}
