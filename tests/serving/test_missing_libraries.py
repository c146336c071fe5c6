"""What an intact artefact says where a library that its model needs is not installed."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pandas as pd
import polars as pl
import pytest
from lightgbm import LGBMRegressor
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder

from carafe.errors import MissingExtra
from carafe.models.artefact import load_model, reseal
from carafe.models.containers import BUILDERS, pandas_frame, polars_frame
from carafe.models.publication import Publication, describe
from carafe.models.sealing import seal
from carafe.registry import Registry, memory_registry
from carafe.schema import ModelRef
from carafe.serving import Catalog
from sealed import only_native

HOUSE = ModelRef.parse("houses")
NUMBERS = {"area": [float(area) for area in range(40, 80)]}
HOUSES = {**NUMBERS, "city": ["Bern", "Rome"] * 20}
PRICES = [area * 1000 for area in NUMBERS["area"]]


def cities() -> Pipeline:
    words = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["city"]), remainder="passthrough")
    return make_pipeline(words, LinearRegression())


CASES = {
    "pandas, numbers": (LinearRegression, pd.DataFrame(NUMBERS), "pandas", "pandas"),
    "pandas, an unseen category": (cities, pd.DataFrame(HOUSES), "pandas", "pandas"),
    "polars, an unseen category": (cities, pl.DataFrame(HOUSES), "polars", "train"),
    "lightgbm": (lambda: LGBMRegressor(n_estimators=2, verbose=-1), pl.DataFrame(NUMBERS), "lightgbm", "train"),
}


@pytest.fixture(params=CASES)
def needed(request: pytest.FixtureRequest) -> tuple[Publication, str, str]:
    estimator, sample, library, extra = CASES[request.param]
    fitted = estimator().fit(sample, PRICES)
    return describe(fitted, name="houses", sample=sample, target="price", metrics={}), library, extra


def take_away(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    builders = {pandas_frame.__name__, polars_frame.__name__} & set(BUILDERS.values())
    for name in list(sys.modules):
        if name.partition(".")[0] == library or name in builders:
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)


@pytest.fixture
def published(needed: tuple[Publication, str, str]) -> Iterator[tuple[Registry, str, str]]:
    publication, library, extra = needed
    registry = memory_registry()
    with registry.staging() as folder, only_native():
        seal(
            directory=folder,
            key=registry.key,
            manifest=publication.manifest,
            estimator=publication.estimator,
            sample=publication.sample,
        )
        registry.publish(name="houses", staged=folder)
    yield registry, library, extra
    registry.close()


def test_a_missing_library_is_named_with_its_extra_and_nothing_is_called_damaged(
    published: tuple[Registry, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    registry, library, extra = published
    artefact = registry.fetch(registry.resolve(HOUSE))
    told = rf"^this model needs {library}: pip install 'carafe-serve\[{extra}\]'$"
    with monkeypatch.context() as without:
        take_away(library, without)
        with pytest.raises(MissingExtra, match=told):
            load_model(artefact)
        with pytest.raises(MissingExtra, match=told):
            reseal(artefact.folder, key=registry.key)
    assert load_model(artefact).signature.names[0] == "area"


def test_the_catalog_tells_it_alike(published: tuple[Registry, str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    registry, library, extra = published
    take_away(library, monkeypatch)
    catalog = Catalog(registry=registry, load=load_model)
    with pytest.raises(MissingExtra, match=rf"{library}: pip install 'carafe-serve\[{extra}\]'"):
        catalog.get(HOUSE)
