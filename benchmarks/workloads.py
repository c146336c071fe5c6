"""The models that every server serves: made-up tables, ordinary scikit-learn estimators, trained once a run."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, SplineTransformer, StandardScaler

ROWS = 20_000
RECORDS = 64
"""How many different records the load generator posts in turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A model to serve, as a recipe."""

    name: str
    about: str
    table: Callable[[], tuple[pd.DataFrame, Any]]
    """Makes the features, one row a record, and the target."""
    estimator: Callable[[], Any]
    framed: bool = False
    """Whether it is fitted on a data frame, as mixed columns need; else on an array."""
    records: int = RECORDS
    """How many different records are posted in turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A workload after training, with what it must answer."""

    workload: Workload
    folder: Path
    """Holds model.joblib and table.json, which servers in other environments load (peers/stored.py)."""
    estimator: Any
    sample: pd.DataFrame
    """The first thousand rows of the training table."""
    records: list[dict[str, Any]]
    expected: list[Any]
    """The estimator's own answer to each record."""

    @property
    def columns(self) -> list[str]:
        """The names of the features, in order."""
        return list(self.sample.columns)


def train(workload: Workload, folder: Path) -> Trained:
    """Fit the workload's estimator and store it into ``folder``, which is made."""
    features, target = workload.table()
    estimator = workload.estimator().fit(features if workload.framed else features.to_numpy(), target)
    asked = features.iloc[-workload.records :]
    folder.mkdir(parents=True, exist_ok=True)
    joblib.dump(estimator, folder / "model.joblib")
    (folder / "table.json").write_text(json.dumps({"columns": list(features.columns), "framed": workload.framed}))
    return Trained(
        workload=workload,
        folder=folder,
        estimator=estimator,
        sample=features.iloc[:1000],
        records=asked.to_dict(orient="records"),
        expected=estimator.predict(asked if workload.framed else asked.to_numpy()).tolist(),
    )


def houses(rows: int = ROWS, *, seed: int = 1) -> tuple[pd.DataFrame, Any]:
    """Make a table of four numbers and a price that depends on them, with noise."""
    random = np.random.default_rng(seed)
    features = pd.DataFrame(
        {
            "area": random.normal(1500, 400, rows).round(1),
            "bedrooms": random.integers(1, 7, rows).astype(float),
            "bathrooms": random.integers(1, 4, rows).astype(float),
            "age": random.uniform(0, 90, rows).round(1),
        }
    )
    price = features.to_numpy() @ np.array([180.0, 9000.0, 14000.0, -700.0])
    return features, price + 20 * features["area"] * np.sin(features["age"] / 9) + random.normal(0, 9000, rows)


def wide(*, numbers: int, categories: int, rows: int = ROWS, seed: int = 2) -> tuple[pd.DataFrame, Any]:
    """Make a table of ``numbers`` numeric and ``categories`` categorical columns, and whether a customer leaves."""
    random = np.random.default_rng(seed)
    measured = random.normal(0, 1, (rows, numbers)).round(4)
    codes = random.integers(0, 8, (rows, categories))
    names = np.array(["amber", "blue", "cyan", "denim", "ecru", "fawn", "green", "hazel"], dtype=object)
    columns = {f"n{index:03}": measured[:, index] for index in range(numbers)}
    columns |= {f"c{index:03}": names[codes[:, index]] for index in range(categories)}
    score = measured @ random.normal(0, 1, numbers) + (codes % 3) @ random.normal(0, 1, categories)
    return pd.DataFrame(columns), np.where(score > np.median(score), "leaves", "stays")


def wide_pipeline(*, numbers: int, categories: int) -> Any:  # noqa: ANN401 - scikit-learn ships no types
    """Scale the numbers, one-hot the categories, and fit a logistic regression."""
    columns = make_column_transformer(
        (StandardScaler(), [f"n{index:03}" for index in range(numbers)]),
        (OneHotEncoder(handle_unknown="ignore"), [f"c{index:03}" for index in range(categories)]),
    )
    return make_pipeline(columns, LogisticRegression(max_iter=200))


WORKLOADS = (
    Workload(
        name="linear",
        about="StandardScaler and LinearRegression on 4 numbers",
        table=houses,
        estimator=lambda: make_pipeline(StandardScaler(), LinearRegression()),
    ),
    Workload(
        name="forest",
        about="RandomForestRegressor of 100 trees of depth 12 on 4 numbers",
        table=houses,
        estimator=lambda: RandomForestRegressor(n_estimators=100, max_depth=12, random_state=1, n_jobs=1),
    ),
    Workload(
        name="forest-one",
        about="the same forest, asked the same record every time: its way through the trees stays in the caches",
        table=houses,
        estimator=lambda: RandomForestRegressor(n_estimators=100, max_depth=12, random_state=1, n_jobs=1),
        records=1,
    ),
    Workload(
        name="boosting",
        about="HistGradientBoostingRegressor of 100 trees on 4 numbers",
        table=houses,
        estimator=lambda: HistGradientBoostingRegressor(random_state=1, early_stopping=False),
    ),
    Workload(
        name="wide",
        about="StandardScaler, OneHotEncoder and LogisticRegression on 80 numbers and 20 categories",
        table=lambda: wide(numbers=80, categories=20),
        estimator=lambda: wide_pipeline(numbers=80, categories=20),
        framed=True,
    ),
    Workload(
        name="native",
        about="SplineTransformer and Ridge on 4 numbers, which only scikit-learn itself can answer",
        table=houses,
        estimator=lambda: make_pipeline(SplineTransformer(), Ridge()),
    ),
)
