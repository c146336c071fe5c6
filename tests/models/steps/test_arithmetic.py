from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from carafe.models.steps import Product, Ratio, Sum

NAN = float("nan")


def test_a_ratio_divides_the_first_column_by_the_second() -> None:
    frame = pl.DataFrame({"rooms": [6.0, 9.0], "households": [2.0, 4.0]})
    assert Ratio(name="r").fit_transform(frame).tolist() == [[3.0], [2.25]]


@pytest.mark.parametrize(("rooms", "households"), [(6.0, 0.0), (0.0, 0.0), (NAN, 2.0), (6.0, NAN), (1e308, 1e-308)])
def test_a_ratio_that_is_no_finite_number_is_missing(rooms: float, households: float) -> None:
    frame = pl.DataFrame({"rooms": [rooms], "households": [households]})
    assert np.isnan(Ratio(name="r").fit_transform(frame)).all()


def test_a_product_and_a_sum_take_every_column() -> None:
    frame = pl.DataFrame({"a": [2.0, 1.0], "b": [3.0, NAN], "c": [4.0, 1.0]})
    assert np.array_equal(Product(name="p").fit_transform(frame).ravel(), [24.0, NAN], equal_nan=True)
    assert np.array_equal(Sum(name="s").fit_transform(frame).ravel(), [9.0, NAN], equal_nan=True)


def test_the_new_column_has_the_name_it_was_given() -> None:
    frame = pl.DataFrame({"a": [1.0], "b": [2.0]})
    assert Product(name="area").fit(frame).get_feature_names_out().tolist() == ["area"]


def test_a_ratio_takes_two_columns() -> None:
    with pytest.raises(ValueError, match="Ratio takes two columns, got 1"):
        Ratio().fit(pl.DataFrame({"a": [1.0]}))
