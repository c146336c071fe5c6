"""The real tables, what default settings must reach on them, and the page that says what they reach."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import polars as pl
from sklearn import __version__ as sklearn_version

from carafe.schema import Kind
from carafe.training.labelled import Labelled
from carafe.training.recipe import Data, Recipe, Split
from carafe.training.result import TrainingResult
from carafe.training.run import train

SEEDS = range(5)
"""The seeds of the hold-outs over which the mean is taken."""


@dataclass(frozen=True, kw_only=True)
class RealTable:
    """A table, its target, and the figure that the mean over the seeds must reach."""

    file: str
    target: str
    metric: str
    least: float


TABLES = (
    RealTable(file="california_housing.csv", target="median_house_value", metric="r2", least=0.825),
    RealTable(file="titanic.csv", target="Survived", metric="accuracy", least=0.825),
    RealTable(file="telco_churn.csv", target="Churn", metric="roc_auc", least=0.84),
    RealTable(file="penguins.csv", target="species", metric="accuracy", least=0.985),
    RealTable(file="mpg.csv", target="mpg", metric="r2", least=0.87),
    RealTable(file="pima_diabetes.csv", target="diabetic", metric="roc_auc", least=0.81),
    RealTable(file="sms_spam.tsv", target="label", metric="f1", least=0.90),
)


def measure(frame: pl.DataFrame, table: RealTable, seed: int) -> TrainingResult:
    """Train with default settings; only the seed of the hold-out is chosen."""
    return train(frame, recipe=Recipe(data=Data(target=table.target, source=table.file), split=Split(seed=seed)))


def figure(result: TrainingResult, metric: str) -> float:
    """Return one figure of a result, on its held-out rows."""
    return next(found.value for found in result.metrics if found.name == metric)


def records(data: Labelled) -> list[dict[str, Any]]:
    """Return rows as the records that a client would send."""
    columns = {
        column.name: [_plain(column.kind, value) for value in values.tolist()]
        for column, values in zip(data.signature.columns, data.rows.columns, strict=True)
    }
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _plain(kind: Kind, value: Any) -> Any:  # noqa: ANN401 - whatever a row holds
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return None
    if kind is Kind.DATETIME:
        return value.isoformat()
    return {Kind.INTEGER: int, Kind.BOOLEAN: bool}.get(kind, lambda same: same)(value)


Figures = Mapping[RealTable, Sequence[tuple[str, float]]]
"""For each table the algorithm that was chosen and the figure that it reached, by seed."""


def quality_page(figures: Figures) -> str:
    """Return the page that shows the figures, as Markdown."""
    lines = [
        "# Quality on real tables",
        "",
        "What `carafe train` reaches with default settings on its own hold-out, a fifth of the rows, for five seeds.",
        "Written by the last run of `pytest -m long tests/training/test_real_tables.py`, never by hand.",
        f"Python {platform.python_version()}, scikit-learn {sklearn_version}.",
        "",
        "| table | target | figure | " + " | ".join(f"seed {seed}" for seed in SEEDS) + " | mean | at least |",
        "|---|---|---|" + "---|" * (len(SEEDS) + 2),
    ]
    for table, found in figures.items():
        cells = " | ".join(f"{value:.4f} ({algorithm})" for algorithm, value in found)
        mean = fmean(value for _, value in found)
        lines.append(f"| {table.file} | {table.target} | {table.metric} | {cells} | **{mean:.4f}** | {table.least} |")
    lines += [
        "",
        "The hold-outs of the small tables are small: 69 penguins, 80 cars, 154 patients, 179 passengers. A single",
        "figure moves by several hundredths with the seed there, which is why a mean is asked for.",
    ]
    return "\n".join(lines) + "\n"
