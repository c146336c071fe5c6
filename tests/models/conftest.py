"""A small sealed model that the tests of this room share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor

from carafe.models.manifest import Manifest
from carafe.models.publication import Publication, describe
from carafe.models.sealing import seal

KEY = b"k" * 32


@pytest.fixture(scope="session")
def publication() -> Publication:
    table = np.random.default_rng(0).normal(size=(40, 3))
    estimator = RandomForestRegressor(3, max_depth=3, random_state=0).fit(table, table @ [3, 2, 1])
    return describe(estimator, name="forest", sample=table, target="y", metrics={"r2": 0.5})


@pytest.fixture
def sealed(tmp_path: Path, publication: Publication) -> tuple[Path, Manifest]:
    return tmp_path, seal_into(tmp_path, publication)


@pytest.fixture(scope="session")
def seal_in() -> Callable[[Path, Publication], Manifest]:
    return seal_into


def seal_into(directory: Path, publication: Publication) -> Manifest:
    directory.mkdir(exist_ok=True)
    return seal(
        directory=directory,
        key=KEY,
        manifest=publication.manifest,
        estimator=publication.estimator,
        sample=publication.sample,
    )
