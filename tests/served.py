"""Small models that answer by a rule a reader can check in the head, for the tests of protocols, serving and web."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import numpy as np

from carafe.errors import CorruptArtefact, InvalidParameter
from carafe.models import Artefact, Features
from carafe.registry import Promotion, Registry, Version
from carafe.schema import Column, Kind, Prediction, Rows, Signature, Target, Task
from carafe.testing.metadata_examples import example_manifest
from sealed import seal_cheaply

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
class RuleModel:
    """A model that answers by a rule: values, and probabilities where there are classes."""

    signature: Signature
    rule: Callable[[Rows], Prediction]

    def predict(self, rows: Rows, *, probabilities: bool = False) -> Prediction:
        """Answer every row by the rule."""
        answer = self.rule(rows)
        if not probabilities:
            return Prediction(values=answer.values)
        if answer.probabilities is None:
            raise InvalidParameter("probabilities: this model predicts a number and gives none")
        return answer

    def transform(self, rows: Rows) -> Features:
        """Return the numeric columns as they are."""
        numeric = [(c.name, v) for c, v in zip(self.signature.columns, rows.columns, strict=True) if v.dtype != object]
        matrix = np.column_stack([values.astype(np.float64) for _, values in numeric])
        return Features(names=tuple(name for name, _ in numeric), matrix=matrix)


def houses_rule(rows: Rows) -> Prediction:
    """Return the price of each house."""
    area, bedrooms = rows.columns
    return Prediction(values=100.0 * area + 1000.0 * np.where(np.isnan(bedrooms), 2.0, bedrooms))


def iris_rule(rows: Rows) -> Prediction:
    """Return the species by petal length alone."""
    petal = rows.columns[2]
    index = (petal >= 2.5).astype(np.intp) + (petal >= 4.8).astype(np.intp)
    return Prediction(values=index, probabilities=np.full((rows.count, 3), 0.1) + 0.7 * np.eye(3)[index])


def everything_rule(rows: Rows) -> Prediction:
    """Return whether the number is above zero."""
    index = (rows.columns[0] > 0).astype(np.intp)
    return Prediction(values=index, probabilities=np.eye(2)[index])


def nan_rule(rows: Rows) -> Prediction:
    """Return no number at all."""
    return Prediction(values=np.full(rows.count, np.nan))


def broken_rule(rows: Rows) -> Prediction:
    """Fail, with a message that no client may see."""
    raise ZeroDivisionError(f"/secret/place: {rows.count}")


def slow_rule(rows: Rows) -> Prediction:
    """Return the price of each house, in its own time."""
    time.sleep(0.05)
    return houses_rule(rows)


RULES: dict[str, tuple[Signature, Callable[[Rows], Prediction]]] = {
    "houses": (HOUSES, houses_rule),
    "cheap houses": (HOUSES, lambda rows: Prediction(values=houses_rule(rows).values / 2)),
    "slow houses": (HOUSES, slow_rule),
    "iris": (IRIS, iris_rule),
    "everything": (EVERYTHING, everything_rule),
    "nan": (HOUSES, nan_rule),
    "broken": (HOUSES, broken_rule),
}


def publish_rule(registry: Registry, name: str, rule: str, *, promote: Promotion = Promotion.FIRST_ONLY) -> Version:
    """Publish a version that answers by the rule called ``rule``; one called "corrupt" can't be loaded."""
    signature = RULES.get(rule, RULES["houses"])[0]
    chances = bool(signature.target.classes)
    manifest = msgspec.structs.replace(example_manifest(), name=name, signature=signature, probabilities=chances)
    with registry.staging() as folder:
        seal_cheaply(folder, key=registry.key, manifest=manifest, content=rule.encode())
        return registry.publish(name=name, staged=folder, promote=promote)


def load_rule(artefact: Artefact) -> RuleModel:
    """Load what ``publish_rule`` published."""
    rule = artefact.files["model.skops"].decode()
    if rule not in RULES:
        raise CorruptArtefact(f"{artefact.folder}: digest differs")
    return RuleModel(*RULES[rule])
