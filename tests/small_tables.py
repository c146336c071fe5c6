"""Small generated tables that every algorithm learns in a moment."""

from __future__ import annotations

import numpy as np
import polars as pl

from carafe.training.recipe import ColumnRecipe, Data, ModelChoice, Parameter, Recipe, Split


def flats(rows: int = 120, seed: int = 1) -> pl.DataFrame:
    """Return flats: a rent that follows area and city, with missing areas, and whether each was let (yes / no)."""
    draw = np.random.default_rng(seed)
    area = draw.uniform(20, 120, rows).round(1)
    city = draw.choice(["Bonn", "Kiel", "Ulm"], rows)
    rent = 200 + 9 * area + 150 * (city == "Bonn") + draw.normal(0, 30, rows)
    let = np.where(rent + draw.normal(0, 100, rows) < 850, "yes", "no")
    shown = [None if index % 17 == 0 else float(value) for index, value in enumerate(area)]
    columns = {"area": shown, "rooms": (area // 25 + 1).astype(int), "balcony": draw.random(rows) < 0.5, "city": city}
    return pl.DataFrame({**columns, "rent": rent.round(2), "let": let})


def recipe(target: str = "rent", algorithm: str = "auto", *, seed: int = 42, **params: Parameter) -> Recipe:
    """Return the recipe for a target of ``flats``, without the other target."""
    other = "let" if target == "rent" else "rent"
    return Recipe(
        data=Data(target=target, source="flats.csv"),
        split=Split(seed=seed),
        model=ModelChoice(algorithm=algorithm, params=params),
        columns=(ColumnRecipe(name=other, use=False),),
    )
