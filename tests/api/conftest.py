"""A home of its own for every test, and a frame to fit on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

RNG = np.random.default_rng(0)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CARAFE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(scope="session")
def houses() -> pd.DataFrame:
    area = RNG.uniform(40, 300, size=80)
    city = RNG.choice(["Bern", "Rome"], size=80)
    return pd.DataFrame({"area": area, "city": city, "price": area * 1000 + (city == "Bern") * 50_000})
