from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.neighbors import KNeighborsRegressor
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVR

from carafe.models.artefact import load_model
from carafe.models.features import Features
from carafe.models.manifest import Manifest
from carafe.models.model import Model
from carafe.models.publication import Publication, describe
from carafe.models.verification import open_artefact
from carafe.schema import Rows
from carafe.schema.prediction import Prediction
from carafe.testing import MODEL_CHECKS, check_model

KEY = b"k" * 32
RNG = np.random.default_rng(0)
TABLE = RNG.normal(size=(40, 3))
NUMBERS = TABLE @ [1.0, 2.0, 3.0]
LABELS = np.where(NUMBERS > 0, "yes", "no")
FRAME = pd.DataFrame({"n": TABLE[:, 0], "c": pd.Categorical(LABELS), "w": LABELS})
TEXTS = ["win money", "good morning", "free money", "see you"] * 10

MODELS: dict[str, tuple[Any, Any, Any]] = {
    "forest": (RandomForestRegressor(5), TABLE, NUMBERS),
    "neighbours": (KNeighborsRegressor(), TABLE, NUMBERS),
    "svr": (make_pipeline(StandardScaler(), SVR()), TABLE, NUMBERS),
    "network": (MLPClassifier((4,), solver="lbfgs", max_iter=50, tol=1.0), TABLE, LABELS),
    "no probabilities": (RidgeClassifier(), TABLE, LABELS),
    "boosting of a frame": (
        HistGradientBoostingClassifier(max_iter=3, categorical_features="from_dtype"),
        FRAME[["n", "c"]],
        LABELS,
    ),
    "encoded frame": (
        make_pipeline(
            make_column_transformer((OneHotEncoder(), ["c", "w"]), remainder="passthrough"), LogisticRegression()
        ),
        FRAME,
        NUMBERS > 1,
    ),
    "texts": (make_pipeline(TfidfVectorizer(), LogisticRegression()), TEXTS, [1, 0, 1, 0] * 10),
}


@pytest.fixture(scope="module", params=MODELS)
def make(
    request: pytest.FixtureRequest,
    seal_in: Callable[[Path, Publication], Manifest],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[], tuple[Model, Rows]]:
    estimator, sample, answers = MODELS[request.param]
    publication = describe(estimator.fit(sample, answers), name="m", sample=sample, target="y", metrics={})
    folder = tmp_path_factory.mktemp("models") / "sealed"
    seal_in(folder, publication)
    return lambda: (load_model(open_artefact(folder, key=KEY)), publication.sample)


@pytest.mark.parametrize("check", MODEL_CHECKS, ids=lambda check: check.__name__)
def test_every_loaded_model_keeps_the_contract(check: Callable[[Any], None], make: Any) -> None:
    check(make)


@dataclass(frozen=True, kw_only=True)
class Mean:
    """A model that breaks the contract: it answers with the mean of the whole batch."""

    model: Model

    @property
    def signature(self) -> Any:
        return self.model.signature

    def predict(self, rows: Rows, *, probabilities: bool = False) -> Prediction:
        answer = self.model.predict(rows, probabilities=probabilities)
        return Prediction(values=np.full(rows.count, answer.values.mean()))

    def transform(self, rows: Rows) -> Features:
        return self.model.transform(rows)


def test_the_contract_catches_a_model_that_mixes_its_rows(
    publication: Publication, tmp_path: Path, seal_in: Any
) -> None:
    seal_in(tmp_path / "sealed", publication)
    honest = load_model(open_artefact(tmp_path / "sealed", key=KEY))
    check_model(lambda: (honest, publication.sample))
    with pytest.raises(AssertionError):
        check_model(lambda: (Mean(model=honest), publication.sample))
