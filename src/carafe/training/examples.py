"""The example table that scikit-learn brings."""

from __future__ import annotations

import polars as pl
from sklearn.datasets import load_iris


def iris() -> pl.DataFrame:
    """Return 150 iris flowers: sepal and petal length and width in centimetres, and the species to predict.

    Source: Fisher, "The use of multiple measurements in taxonomic problems", 1936, as scikit-learn ships it.
    """
    flowers = load_iris()
    names = [str(name).removesuffix(" (cm)").replace(" ", "_") for name in flowers.feature_names]
    columns = dict(zip(names, flowers.data.T, strict=True))
    species = [str(flowers.target_names[index]) for index in flowers.target]
    return pl.DataFrame({**columns, "species": species})
