"""What an estimator is made of ends where code begins."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.linear_model import HuberRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import RobustScaler, SplineTransformer

import carafe
import carafe.web
from carafe.models.artefact import load_model
from carafe.models.flavours.parts import parts_of
from carafe.registry import open_registry
from carafe.settings import Settings

RNG = np.random.default_rng(0)


class Proxy:
    """Something in a module that fails when it is touched, as Flask's ``request`` does outside of one."""

    @property
    def __dict__(self) -> dict[str, object]:  # type: ignore[override]
        raise RuntimeError("Working outside of request context")


def test_modules_and_functions_are_not_walked_into() -> None:
    module = ModuleType("hazard")
    module.__dict__["request"] = Proxy()

    def function() -> None: ...

    function.__dict__["request"] = Proxy()
    inner = SimpleImputer()
    root = {"module": module, "function": function, "ufunc": np.exp, "inner": [inner]}
    found = [part for part in parts_of(root) if not isinstance(part, (dict, list))]
    assert found == [inner]


def test_splines_that_keep_a_module_load_in_a_process_that_serves(tmp_path: Path) -> None:
    table = RNG.normal(size=(120, 2))
    pipeline = make_pipeline(SimpleImputer(), RobustScaler(), SplineTransformer(), HuberRegressor(max_iter=2000))
    pipeline.fit(table, np.sin(table[:, 0]) + RNG.normal(0, 0.3, 120))
    registry = open_registry(Settings(home=tmp_path))
    version = carafe.publish(pipeline, name="splines", sample=table, target="y", home=tmp_path)
    model = load_model(registry.fetch(version))
    registry.close()
    assert carafe.web is not None
    assert model.signature.target.name == "y"
