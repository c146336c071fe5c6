from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from carafe.errors import CorruptArtefact
from carafe.models.artefact import load_model, read_manifest, seal
from carafe.models.container import ColumnType, Container, Shape
from carafe.models.manifest import Manifest, Provenance
from carafe.schema import Column, Kind, Rows, Signature, Target, Task

KEY = b"k" * 32
SIGNATURE = Signature(
    columns=tuple(Column(name=name, kind=Kind.NUMBER) for name in ("x1", "x2", "x3")),
    target=Target(name="y", task=Task.REGRESSION),
)
ROWS = Rows(tuple(np.random.default_rng(0).normal(size=(3, 20))))


def sealed(directory: Path) -> Manifest:
    directory.mkdir(exist_ok=True)
    estimator = LinearRegression().fit(np.column_stack(ROWS.columns), ROWS.columns[0] * 2 + ROWS.columns[1])
    manifest = Manifest(
        name="line",
        signature=SIGNATURE,
        flavour="sklearn",
        container=Container(shape=Shape.ARRAY, columns=(ColumnType(dtype="float64"),)),
        algorithm="linear",
        provenance=Provenance(created="2026-11-20T00:00:00Z", carafe="0.1.0", python="3.11.7", libraries=()),
    )
    return seal(directory=directory, key=KEY, manifest=manifest, estimator=estimator, sample=ROWS)


def test_a_sealed_model_answers_as_the_estimator_did(tmp_path: Path) -> None:
    manifest = sealed(tmp_path)
    assert read_manifest(tmp_path, key=KEY) == manifest
    answer = load_model(tmp_path, key=KEY).predict(ROWS)
    np.testing.assert_allclose(answer.values, ROWS.columns[0] * 2 + ROWS.columns[1])


def test_another_key_opens_nothing(tmp_path: Path) -> None:
    sealed(tmp_path)
    with pytest.raises(CorruptArtefact, match=r"manifest\.sig: not this home's signature"):
        load_model(tmp_path, key=b"other")
