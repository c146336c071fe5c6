"""Families of algorithms, and the parts a preparer is put together from."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import StrEnum

from sklearn.base import BaseEstimator
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from carafe.schema import Signature
from carafe.training.recipe import Recipe, Scale


class Family(StrEnum):
    """Algorithms that want their features alike."""

    LINEAR = "linear"
    """Linear and logistic models: scaled, nothing missing, one-hot."""
    TREES = "trees"
    """Trees and forests: never scaled, nothing missing."""
    BOOSTING = "boosting"
    """Histogram boosting: never scaled, missing values native, dense."""
    DISTANCE = "distance"
    """Support vectors, networks, neighbours: scaled, nothing missing."""
    BAYES = "bayes"
    """Naive Bayes: nothing missing, dense."""

    @property
    def scaled(self) -> bool:
        """Whether ``auto`` scales numbers."""
        return self in {Family.LINEAR, Family.DISTANCE}

    @property
    def takes_missing(self) -> bool:
        """Whether the algorithms take NaN as it is."""
        return self is Family.BOOSTING

    @property
    def takes_sparse(self) -> bool:
        """Whether the algorithms take a sparse matrix."""
        return self in {Family.LINEAR, Family.TREES, Family.DISTANCE}

    @property
    def orders(self) -> bool:
        """Whether the algorithms split numbers at thresholds, so that codes need no one-hot."""
        return self in {Family.TREES, Family.BOOSTING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What every part is resolved against."""

    recipe: Recipe
    signature: Signature
    family: Family


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some columns and the transformer they go through; parts with the same name and key become one transformer."""

    name: str
    key: Hashable
    columns: tuple[str, ...]
    build: Callable[[], BaseEstimator | str]


def scale_steps(scale: Scale, family: Family) -> list[tuple[str, BaseEstimator]]:
    """Return the step that scales, or none; ``auto`` scales to mean 0 and deviation 1 where the family wants it."""
    if scale is Scale.AUTO:
        scale = Scale.STANDARD if family.scaled else Scale.NONE
    if scale is Scale.NONE:
        return []
    scaler = {Scale.STANDARD: StandardScaler, Scale.MIN_MAX: MinMaxScaler, Scale.ROBUST: RobustScaler}[scale]
    return [("scale", scaler())]
