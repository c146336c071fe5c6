from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import polars as pl
import pytest

from carafe.schema import Kind
from carafe.tables import Role, kind_of
from carafe.tables.identifiers import named_like_identifier
from carafe.tables.roles import Decision, decide
from carafe.tables.series import typed_series


def naive(text: str) -> datetime:
    return datetime.fromisoformat(text)


def column(values: Sequence[object], name: str = "x") -> pl.Series:
    return pl.Series(name, values)


def decided(values: Sequence[object], name: str = "x", *, target: bool = False) -> tuple[Decision, list[object]]:
    series = column(values, name)
    decision = decide(series, target=target)
    return decision, typed_series(series, decision).to_list()


@pytest.mark.parametrize(
    ("values", "role", "typed"),
    [
        (["1", " 2", "3 "], Role.INTEGER, [1, 2, 3]),
        (["1.5", "-2", "+.5", "1e3"], Role.NUMERIC, [1.5, -2.0, 0.5, 1000.0]),
        (["1.0", "", "3.0"], Role.INTEGER, [1, None, 3]),
        (["1.0", "2.0", "3.0"], Role.NUMERIC, [1.0, 2.0, 3.0]),
        (["1,5", "2", "1.234,25"], Role.NUMERIC, [1.5, 2.0, 1234.25]),
        (["1,234.5", "12", "3,000,000"], Role.NUMERIC, [1234.5, 12.0, 3_000_000.0]),
        (["0,125", "0,250", "1,375"], Role.NUMERIC, [0.125, 0.25, 1.375]),
        (["$1,200.50", "-$3", "$ 7"], Role.NUMERIC, [1200.5, -3.0, 7.0]),
        (["3,50 €", "1.200,00 €"], Role.NUMERIC, [3.5, 1200.0]),
        (["12%", "7 %", ""], Role.INTEGER, [12, 7, None]),
        (["$5", "€7", "$5"], Role.CATEGORY, ["$5", "€7", "$5"]),
        (["$", "%", "$"], Role.CATEGORY, ["$", "%", "$"]),
        (["true", "False", "TRUE"], Role.BOOLEAN, [True, False, True]),
        (["Yes", "No", "Yes"], Role.CATEGORY, ["Yes", "No", "Yes"]),
        (["007", "012", "007"], Role.CATEGORY, ["007", "012", "007"]),
        (["1", "two", "1"], Role.CATEGORY, ["1", "two", "1"]),
        (["1e999", "1.5"], Role.NUMERIC, [None, 1.5]),
    ],
)
def test_text_becomes_what_it_says(values: list[str], role: Role, typed: list[object]) -> None:
    decision, found = decided(values)
    assert decision.role is role
    assert found == typed


def test_a_blank_in_a_numeric_column_is_a_missing_value() -> None:
    decision, typed = decided(["29.85", " ", "", "108.15"])
    assert decision.role is Role.NUMERIC
    assert typed == [29.85, None, None, 108.15]


@pytest.mark.parametrize("word", ["NA", "N/A", "n/a", "NaN", "null", "None", "?", "-"])
def test_a_null_word_among_numbers_is_a_missing_value_and_said(word: str) -> None:
    decision, typed = decided(["1", word, "2"])
    assert decision.role is Role.INTEGER
    assert typed == [1, None, 2]
    assert f"{word!r} means missing" in decision.reason


def test_a_null_word_among_strings_is_a_category_like_others() -> None:
    decision, typed = decided(["None", "Brick", "None", "", "Brick"])
    assert decision.role is Role.CATEGORY
    assert typed == ["None", "Brick", "None", None, "Brick"]


def test_a_stray_remark_among_many_numbers_is_missing_and_said() -> None:
    decision, typed = decided([*(str(n / 4) for n in range(99)), "see note"])
    assert decision.role is Role.NUMERIC
    assert typed[-1] is None
    assert "'see note' and the like count as missing" in decision.reason


def test_commas_that_may_be_either_are_thousands_and_the_other_way_is_named() -> None:
    decision, typed = decided(["1,234", "5,678"])
    assert typed == [1234, 5678]
    assert "--decimal ," in decision.reason


def test_a_currency_that_is_taken_off_is_said() -> None:
    assert "with $, which is taken off" in decided(["$5", "$7"])[0].reason


def test_leading_zeros_are_kept_and_said() -> None:
    decision, _ = decided(["00501", "00501", "10001"])
    assert decision.role is Role.CATEGORY
    assert "leading zeros" in decision.reason


@pytest.mark.parametrize("values", [["9007199254740993", "9007199254740993", "1"], [2**53 + 1, 2**53 + 1, 1]])
def test_numbers_too_long_for_a_double_stay_strings(values: list[object]) -> None:
    decision, typed = decided(values)
    assert decision.role is Role.CATEGORY
    assert typed[0] == "9007199254740993"
    assert "too long to be held exactly" in decision.reason


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["2024-05-01", "2024-05-02"], naive("2024-05-01T00:00:00")),
        (["2024-05-01 10:30", "2024-05-02"], naive("2024-05-01T10:30:00")),
        (["2024-05-01T10:30:15.250", "2024-05-02T00:00:00"], naive("2024-05-01T10:30:15.250000")),
        (["2024-05-01T10:30:00+02:00", "2024-05-02T00:00:00Z"], naive("2024-05-01T08:30:00")),
        (["1949-01", "1949-02"], naive("1949-01-01T00:00:00")),
        (["2024/05/01", "2024/5/2"], naive("2024-05-01T00:00:00")),
        (["05/01/2024", "05/31/2024"], naive("2024-05-01T00:00:00")),
        (["01/05/2024", "31/05/2024"], naive("2024-05-01T00:00:00")),
        (["01/05/24 09:05", "31/05/24"], naive("2024-05-01T09:05:00")),
        (["1.5.2024", "31.5.2024"], naive("2024-05-01T00:00:00")),
        (["01-05-2024", "31-05-2024"], naive("2024-05-01T00:00:00")),
        (["1 May 2024", "31 Dec 2023"], naive("2024-05-01T00:00:00")),
        (["01-May-2024", "31-Dec-2023"], naive("2024-05-01T00:00:00")),
        (["May 1, 2024", "December 31, 2023"], naive("2024-05-01T00:00:00")),
    ],
)
def test_common_dates_are_recognised(values: list[str], expected: datetime) -> None:
    decision, typed = decided([*values, "", "NA"])
    assert decision.role is Role.DATETIME
    assert typed[0] == expected
    assert typed[1] is not None
    assert typed[2:] == [None, None]
    assert decision.date_format is not None
    assert decision.date_format in decision.reason


@pytest.mark.parametrize("values", [["2024-02-30", "2024-02-01"], ["32/01/2024", "01/32/2024"], ["5.1.24x", "1.1.24x"]])
def test_what_is_no_date_is_none(values: list[str]) -> None:
    assert decided(values)[0].role is not Role.DATETIME


def test_an_all_distinct_string_is_an_identifier() -> None:
    decision, _ = decided([f"{n:04d}-XY" for n in range(30)], "customer")
    assert decision.role is Role.IDENTIFIER
    assert decision.reason == "every value is different"


def test_all_distinct_names_of_several_words_are_text() -> None:
    decision, _ = decided([f"Mr. Owen {n}" for n in range(30)], "Name")
    assert decision.role is Role.TEXT


def test_a_nearly_distinct_string_called_an_identifier_is_one() -> None:
    values = [*(f"u{n}" for n in range(99)), "u1"]
    assert decided(values, "userId")[0].role is Role.IDENTIFIER
    assert decided(values, "user")[0].role is Role.CATEGORY


@pytest.mark.parametrize(
    ("name", "start", "count", "role"),
    [
        ("PassengerId", 5, 10, Role.IDENTIFIER),
        ("order_no", 100, 10, Role.IDENTIFIER),
        ("unnamed_1", 0, 10, Role.IDENTIFIER),
        ("x", 1, 60, Role.IDENTIFIER),
        ("x1", 1, 10, Role.INTEGER),
        ("year", 1, 60, Role.INTEGER),
        ("area", 500, 60, Role.INTEGER),
    ],
)
def test_whole_numbers_that_count_up_are_identifiers_by_name_or_as_row_numbers(
    name: str, start: int, count: int, role: Role
) -> None:
    assert decided(range(start, start + count), name)[0].role is role
    assert decided([str(n) for n in range(start, start + count)], name)[0].role is role


@pytest.mark.parametrize("name", ["id", "ID", "PassengerId", "customerID", "user_id", "row index", "Order No", "uuid"])
def test_names_of_identifiers(name: str) -> None:
    assert named_like_identifier(name)


@pytest.mark.parametrize("name", ["", "area", "width", "paid", "idle", "number_of_rooms", "valid", "Ω"])
def test_names_of_other_columns(name: str) -> None:
    assert not named_like_identifier(name)


def test_a_target_of_distinct_strings_is_still_a_category() -> None:
    assert decided([f"{n}-x" for n in range(30)], target=True)[0].role is Role.CATEGORY
    assert decided([f"many words here {n}" for n in range(30)], target=True)[0].role is Role.CATEGORY
    assert decided(list(range(60)), "id", target=True)[0].role is Role.INTEGER


@pytest.mark.parametrize(
    ("values", "role", "typed"),
    [
        ([1, None, 3], Role.INTEGER, [1, None, 3]),
        ([1.0, None, 3.0], Role.INTEGER, [1, None, 3]),
        ([1.0, float("nan"), 3.0], Role.INTEGER, [1, None, 3]),
        ([1.0, float("inf"), 2.5], Role.NUMERIC, [1.0, None, 2.5]),
        ([True, False, None], Role.BOOLEAN, [True, False, None]),
        ([date(2024, 5, 1), None], Role.DATETIME, [naive("2024-05-01T00:00:00"), None]),
        ([None, None], Role.CONSTANT, [None, None]),
        (["", " "], Role.CONSTANT, [None, None]),
        (["NA", "?"], Role.CONSTANT, ["NA", "?"]),
        ([[1], [2]], Role.IDENTIFIER, [[1], [2]]),
        ([timedelta(1), timedelta(2)], Role.IDENTIFIER, [timedelta(1), timedelta(2)]),
        ([b"x", b"y"], Role.IDENTIFIER, [b"x", b"y"]),
    ],
)
def test_typed_tables_are_taken_at_their_word(values: list[object], role: Role, typed: list[object]) -> None:
    decision, found = decided(values)
    assert decision.role is role
    assert found == typed


def test_categoricals_are_categories() -> None:
    series = pl.Series("x", ["1", "2", "1"], dtype=pl.Categorical)
    decision = decide(series)
    assert decision.role is Role.CATEGORY
    assert typed_series(series, decision).to_list() == ["1", "2", "1"]


def test_zoned_times_become_utc() -> None:
    series = pl.Series("x", [naive("2024-05-01T12:00:00")]).dt.replace_time_zone("Europe/Berlin")
    assert typed_series(series, decide(series)).to_list() == [naive("2024-05-01T10:00:00")]


def test_what_is_left_out_has_no_kind() -> None:
    assert kind_of(Role.NUMERIC) is Kind.NUMBER
    with pytest.raises(ValueError, match="a column that is identifier is left out"):
        kind_of(Role.IDENTIFIER)
