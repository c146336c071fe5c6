"""Small models that answer by a rule a reader can check in the head, for the tests of protocols, serving and web."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carafe.schema import Column, Kind, Rows, Signature, Target, Task

HOUSES = Signature(
    columns=(
        Column(name="area", kind=Kind.NUMBER, minimum=30.0, maximum=500.0, example=1500),
        Column(name="bedrooms", kind=Kind.INTEGER, nullable=True, example=3),
    ),
    target=Target(name="price", task=Task.REGRESSION),
)
"""price = 100 * area + 1000 * bedrooms; a missing bedroom count is taken as 2."""

IRIS = Signature(
    columns=tuple(
        Column(name=name, kind=Kind.NUMBER, example=1.0)
        for name in ("sepal length", "sepal width", "petal length", "petal width")
    ),
    target=Target(name="species", task=Task.CLASSIFICATION, classes=("setosa", "versicolor", "virginica")),
)

EVERYTHING = Signature(
    columns=(
        Column(name="number", kind=Kind.NUMBER),
        Column(name="integer", kind=Kind.INTEGER),
        Column(name="boolean", kind=Kind.BOOLEAN, nullable=True),
        Column(name="category", kind=Kind.CATEGORY, categories=("a", "b"), nullable=True),
        Column(name="code", kind=Kind.CATEGORY, categories=(1, 2)),
        Column(name="text", kind=Kind.TEXT),
        Column(name="when", kind=Kind.DATETIME, nullable=True),
    ),
    target=Target(name="won", task=Task.CLASSIFICATION, classes=(False, True)),
)
"""One column of every kind; the answer is whether ``number`` is above zero."""


def everything(**changes: object) -> dict[str, object]:
    """Return a record that fits EVERYTHING, changed as said."""
    return {
        "number": 1.5,
        "integer": 3,
        "boolean": True,
        "category": "a",
        "code": 2,
        "text": "hello",
        "when": "2024-05-01T12:00:00Z",
    } | changes


@dataclass(frozen=True)
class Answer:
    """What the rules below return: values, and probabilities where there are classes."""

    values: np.ndarray
    probabilities: np.ndarray | None


def houses_rule(rows: Rows) -> Answer:
    """Return the price of each house."""
    area, bedrooms = rows.columns
    return Answer(values=100.0 * area + 1000.0 * np.where(np.isnan(bedrooms), 2.0, bedrooms), probabilities=None)


def iris_rule(rows: Rows) -> Answer:
    """Return the species by petal length alone."""
    petal = rows.columns[2]
    index = (petal >= 2.5).astype(np.intp) + (petal >= 4.8).astype(np.intp)
    return Answer(values=index, probabilities=np.full((rows.count, 3), 0.1) + 0.7 * np.eye(3)[index])


def everything_rule(rows: Rows) -> Answer:
    """Return whether the number is above zero."""
    index = (rows.columns[0] > 0).astype(np.intp)
    return Answer(values=index, probabilities=np.eye(2)[index])
