"""What a process that serves lowered models does without: scikit-learn, scipy, polars and pandas, in every worker."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import carafe
from carafe.access import Role, open_keys
from carafe.registry import open_registry
from carafe.schema import ModelRef
from carafe.settings import Settings
from web.servers import running

pytestmark = pytest.mark.xdist_group("servers")

HEAVY = ("sklearn", "scipy", "polars", "pandas", "pyarrow", "skops", "skl2onnx", "lightgbm", "narwhals")
RNG = np.random.default_rng(0)
FRAME = pd.DataFrame({"size": RNG.normal(50, 20, 200), "city": RNG.choice(["Bern", "Oslo", "Rome"], 200)})
PRICES = FRAME["size"] * 2 + 30 * (FRAME["city"] == "Rome")
RECORD = {"size": 44.5, "city": "Rome"}

ASK = """
import json, sys
from pathlib import Path
from carafe.settings import Settings
from carafe.web import create_app

client = create_app(Settings(home=Path(sys.argv[1]), open=True)).test_client()
record = json.loads(sys.argv[2])
said = {name: client.post(f"/models/{name}/predict", json=record).get_json() for name in sys.argv[3:]}
said |= {f"{name}, transformed": client.post(f"/models/{name}/transform", json=record).status_code for name in said}
print(json.dumps([said, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


@dataclass(frozen=True)
class Home:
    """A home with lowered models; a key, and what each native pipeline says to RECORD."""

    path: Path
    key: str
    answers: Mapping[str, Any]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    path = tmp_path_factory.mktemp("lean") / "home"
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), ["size"]),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["city"]),
    )
    estimators = {
        "linear": (LogisticRegression(), PRICES > 110),
        "forest": (RandomForestClassifier(10, random_state=0), PRICES > 110),
        "boosting": (HistGradientBoostingRegressor(max_iter=10), PRICES),
    }
    answers = {}
    for name, (estimator, target) in estimators.items():
        pipeline = make_pipeline(columns, estimator).fit(FRAME, target)
        carafe.publish(pipeline, name, sample=FRAME, home=path)
        answers[name] = pipeline.predict(pd.DataFrame([RECORD])).tolist()[0]
    settings = Settings(home=path)
    registry, keys = open_registry(settings), open_keys(settings)
    assert {registry.resolve(ModelRef(name=name)).manifest.runs_as for name in answers} == {"lowered"}
    key = keys.create(role=Role.PREDICTOR).text
    registry.close()
    keys.close()
    return Home(path, key, answers)


def test_a_process_that_answers_with_lowered_models_imports_nothing_that_trains(home: Home) -> None:
    command = [sys.executable, "-c", ASK, str(home.path), json.dumps(RECORD), *home.answers]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    said, modules = json.loads(done.stdout.splitlines()[-1])
    for name, answer in home.answers.items():
        assert said[name]["prediction"] == pytest.approx(answer, rel=1e-9)
        assert said[f"{name}, transformed"] == 200
    assert not set(modules) & set(HEAVY)


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="tells what a process has loaded on Linux only")
def test_no_worker_of_a_real_server_has_loaded_them_after_answering(home: Home, tmp_path: Path) -> None:
    with running("carafe", tmp_path, home=home.path, key=home.key, extra=("--workers", "2")) as server:
        for name, answer in list(home.answers.items()) * 10:
            assert server.predict(name, RECORD)["prediction"] == pytest.approx(answer, rel=1e-9)
        workers = server.workers
        loaded = {worker: Path(f"/proc/{worker}/maps").read_text() for worker in workers}
    assert workers
    for maps in loaded.values():
        assert "/onnxruntime/" in maps
        assert not [library for library in HEAVY if f"/{library}/" in maps]
