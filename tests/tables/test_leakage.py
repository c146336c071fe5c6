from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from polars.testing.parametric import dataframes

from carafe.errors import UntrainableTable
from carafe.tables import Leak, Role, count_shared_rows, find_leaks, profile_table, read_table
from carafe.tables.association import by_group, by_majority, linear, monotone, quantile_codes
from carafe.tables.examples import houses, points

RANDOM = np.random.default_rng(5)
N = 400
FARE, TIP, NOISE = RANDOM.gamma(3, 4, N).round(2), RANDOM.gamma(2, 1, N).round(2), RANDOM.normal(size=N)
LABEL = RANDOM.choice(["a", "b", "c"], N)


def leaks(target: str, **columns: object) -> tuple[Leak, ...]:
    frame = pl.DataFrame(columns)
    return find_leaks(frame, profile_table(frame, target=target), target)


def dropped(found: tuple[Leak, ...]) -> list[str]:
    return [leak.column for leak in found if leak.drop]


def test_a_total_of_the_target_and_other_amounts_leaks() -> None:
    (leak,) = leaks("tip", fare=FARE, tip=TIP, total=(FARE + TIP).round(2), noise=NOISE)
    assert (leak.column, leak.drop) == ("total", True)
    assert leak.reason == "total = tip + fare: it can't be known before tip"


def test_a_total_with_a_few_fixed_charges_leaks_too() -> None:
    charge = RANDOM.choice([0.5, 0.8, 3.3], N)
    (leak,) = leaks("tip", fare=FARE, tip=TIP, total=(FARE + TIP + charge).round(2))
    assert leak.column == "total"
    assert "one of a few amounts" in leak.reason


def test_a_product_of_the_target_leaks() -> None:
    price, quantity = RANDOM.gamma(5, 2, N) + 1, RANDOM.integers(1, 50, N)
    (leak,) = leaks("price", price=price, quantity=quantity, revenue=price * quantity)
    assert leak.reason.startswith("revenue = price * quantity")
    assert leak.drop


def test_a_target_that_is_the_sum_of_features_is_warned_about_and_nothing_dropped() -> None:
    (leak,) = leaks("total", fare=FARE, tip=TIP, total=(FARE + TIP).round(2), noise=NOISE)
    assert (leak.column, leak.drop) == ("total", False)
    assert "total = fare + tip" in leak.reason


def test_a_formula_of_numbers_that_are_no_amounts_keeps_its_features() -> None:
    x = RANDOM.normal(size=(3, N))
    assert not dropped(leaks("y", x1=x[0], x2=x[1], x3=x[2], y=x[0] + x[1] - x[2]))
    assert not dropped(leaks("y", x1=x[0], x2=x[1], x3=x[2], y=2 * x[0] + 3 * x[1] - x[2]))


@pytest.mark.parametrize(
    ("copy", "reason"),
    [
        (TIP * 0.92 + 3, "it is tip, up to scale"),
        (TIP + RANDOM.normal(0, 0.01, N), "it is tip, up to scale"),
        (np.exp(TIP * 3), "it puts the rows in the same order as tip"),
    ],
)
def test_a_number_that_is_the_target_in_other_words_leaks(copy: object, reason: str) -> None:
    (leak,) = leaks("tip", copy=copy, fare=FARE, tip=TIP)
    assert (leak.column, leak.reason, leak.drop) == ("copy", reason, True)


def test_the_only_feature_is_kept() -> None:
    (leak,) = leaks("y", x=FARE, y=FARE * 2)
    assert not leak.drop
    assert leak.reason.endswith("there is no other feature")


@pytest.mark.parametrize("code", [np.searchsorted(["a", "b", "c"], LABEL), np.char.upper(LABEL), LABEL == "a"])
def test_a_code_of_the_class_leaks(code: np.ndarray) -> None:
    target = LABEL if code.dtype != bool else np.where(code, "yes", "no")
    (leak,) = leaks("y", code=code, noise=NOISE, y=target)
    assert (leak.column, leak.reason, leak.drop) == ("code", "each of its values has one y", True)


def test_a_column_filled_only_for_one_class_leaks() -> None:
    gone = LABEL == "a"
    reason = pl.Series(RANDOM.choice(["price", "moved"], N)).set(pl.Series(~gone), None)
    (leak,) = leaks("churn", reason=reason, noise=NOISE, churn=np.where(gone, "yes", "no"))
    assert (leak.column, leak.drop) == ("reason", True)
    assert "missing just where churn has one class" in leak.reason


def test_a_number_whose_range_tells_the_class_is_warned_about() -> None:
    score = NOISE + 20 * (LABEL == "a")
    (leak,) = leaks("y", score=score, fare=FARE, y=np.where(LABEL == "a", "yes", "no"))
    assert (leak.column, leak.drop) == ("score", False)


def test_a_category_with_one_number_each_leaks() -> None:
    number = {"a": 1.5, "b": 2.5, "c": 7.0}
    (leak,) = leaks(
        "y", band=LABEL, noise=NOISE, y=[number[label] + 1e-4 * n for label, n in zip(LABEL, NOISE, strict=True)]
    )
    assert (leak.column, leak.reason) == ("band", "each of its values has one y")


def test_on_a_handful_of_rows_nothing_is_called_a_leak() -> None:
    assert leaks("y", x=[1, 2, 3, 4], z=[4, 1, 3, 2], y=[2.0, 4.0, 6.0, 8.5]) == ()


def test_the_examples_do_not_leak() -> None:
    for frame, target in ((houses(), "price"), (points(), "y")):
        assert find_leaks(frame, profile_table(frame, target=target), target) == ()


@given(frame=dataframes(min_cols=2, max_cols=4, min_size=30, max_size=40))
@settings(max_examples=40, deadline=None)
def test_leaks_are_looked_for_in_every_table(frame: pl.DataFrame) -> None:
    target = frame.columns[0]
    profile = profile_table(frame, target=target)
    if profile.by_name[target].role in {Role.IDENTIFIER, Role.CONSTANT, Role.DATETIME}:
        with pytest.raises(UntrainableTable):
            find_leaks(frame, profile, target)
    else:
        found = find_leaks(frame, profile, target)
        assert {leak.column for leak in found} <= set(frame.columns)


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("california_housing.csv", "median_house_value"),
        ("titanic.csv", "Survived"),
        ("telco_churn.csv", "Churn"),
        ("penguins.csv", "species"),
        ("mpg.csv", "mpg"),
        ("pima_diabetes.csv", "diabetic"),
        ("sms_spam.tsv", "label"),
    ],
)
def test_there_is_no_false_alarm_in_real_tables(real_table: Callable[[str], Path], name: str, target: str) -> None:
    frame = read_table(real_table(name))
    assert find_leaks(frame, profile_table(frame, target=target), target) == ()


def test_the_total_of_a_taxi_ride_leaks_its_tip(real_table: Callable[[str], Path]) -> None:
    frame = read_table(real_table("taxis.csv"))
    (leak,) = find_leaks(frame, profile_table(frame, target="tip"), "tip")
    assert (leak.column, leak.drop) == ("total", True)
    assert "total = tip + fare + tolls" in leak.reason
    (sum_,) = find_leaks(frame, profile_table(frame, target="total"), "total")
    assert (sum_.column, sum_.drop) == ("total", False)


def test_associations_run_from_nothing_to_everything() -> None:
    numbers = np.array([1.0, 2.0, 3.0, 4.0])
    assert linear(numbers, 3 - 2 * numbers) == pytest.approx(1)
    assert linear(numbers, np.ones(4)) == 0
    assert monotone(numbers, np.exp(numbers)) == pytest.approx(1)
    codes = np.array([0, 0, 1, 1])
    assert by_group(codes, np.array([1.0, 1.0, 5.0, 5.0])) == pytest.approx(1)
    assert by_group(codes, np.ones(4)) == 0
    assert by_majority(codes, np.array([0, 0, 1, 2])) == pytest.approx(0.5)
    assert by_majority(codes, np.zeros(4, dtype=np.intp)) == 0
    assert np.bincount(quantile_codes(np.arange(100.0), 4)).tolist() == [25, 25, 25, 25]


def test_rows_on_both_sides_of_a_split_are_counted() -> None:
    train = pl.DataFrame({"a": [1, 2, 2, None], "b": ["x", "y", "y", "z"]})
    test = pl.DataFrame({"a": [2, None, 3, 2], "b": ["y", "z", "x", "x"]})
    assert count_shared_rows(train, test) == 2
    assert count_shared_rows(train, test.clear()) == 0
    assert count_shared_rows(train, test.select(c="b")) == 0
