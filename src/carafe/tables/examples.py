"""Small generated tables, the same for the same seed: something to try Carafe with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl


def houses(rows: int = 400, seed: int = 7) -> pl.DataFrame:
    """Return houses: area (square feet), bedrooms, bathrooms, age (years), and the price (dollars) to predict.

    Prices follow area, rooms and age on a straight line, with a spread of about 12,000 dollars. A house of 1,500 square
    feet, 3 bedrooms, 2 bathrooms and 10 years costs about 350,000 dollars.
    """
    random = np.random.default_rng(seed)
    area = np.round(random.gamma(9.0, 180.0, rows).clip(450, 4_500), -1)
    bedrooms = np.round(area / 550 + random.normal(0, 0.7, rows)).clip(1, 6)
    bathrooms = np.round(bedrooms / 2 + random.normal(0.4, 0.5, rows)).clip(1, 4)
    age = random.integers(0, 90, rows).astype(float)
    price = 46_500 + 150 * area + 20_000 * bedrooms + 15_000 * bathrooms - 1_150 * age
    price = (price + random.normal(0, 12_000, rows)).clip(40_000).round(-2)
    columns = {"area": area, "bedrooms": bedrooms, "bathrooms": bathrooms, "age": age, "price": price}
    return pl.DataFrame(columns).cast(pl.Int64)


def points(rows: int = 300, seed: int = 7) -> pl.DataFrame:
    """Return three numbers x1, x2, x3 between 0 and 10, and y = 4 + 2 x1 - 3 x2 + x3 / 2 with a spread of 0.1."""
    random = np.random.default_rng(seed)
    x1, x2, x3 = random.uniform(0, 10, (3, rows)).round(2)
    y = 4 + 2 * x1 - 3 * x2 + 0.5 * x3 + random.normal(0, 0.1, rows)
    return pl.DataFrame({"x1": x1, "x2": x2, "x3": x3, "y": y.round(3)})


EXAMPLES: dict[str, Callable[[], pl.DataFrame]] = {"houses": houses, "points": points}
"""The generated tables by name."""
