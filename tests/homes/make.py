"""Makes a home as an older Carafe wrote it, beside what that Carafe answered, as one archive of this folder.

    git archive COMMIT src | tar -x -C OLD
    PYTHONPATH=OLD/src python tests/homes/make.py NAME.tar.gz

The archives here were made from these commits, with the libraries that were locked then:

* ``format1-revision0001.tar.gz``: 94b9f2d, the last that wrote artefacts of format 1;
* ``format2-revision0001.tar.gz``: ff7fc59, the last that had no history.

They are never made again: what users have on their disks does not change either. Only interfaces that all these commits
have are used.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import carafe
from carafe.access import Role, open_keys
from carafe.registry import open_registry
from carafe.schema import ModelRef
from carafe.settings import Settings

ROWS = range(0, 150, 15)


def build(home: Path) -> dict[str, Any]:
    """Publish, promote and delete in an empty home, and return what there is to be known of it."""
    flowers = load_iris()
    _publish(home, flowers.data, flowers.target)
    settings = Settings(home=home)
    with closing(open_registry(settings)) as registry:
        registry.promote(ModelRef.parse("iris@2"))
        registry.promote(ModelRef.parse("iris@1"), alias="challenger")
        registry.delete("iris", 3)
    with closing(open_keys(settings)) as keys:
        texts = {role.value: keys.create(role=role).text for role in Role}
        revoked = keys.create(role=Role.MEMBER if hasattr(Role, "MEMBER") else next(iter(Role)), name="revoked")
        keys.revoke(revoked.record.id)
    rows = [[float(value) for value in flowers.data[row]] for row in ROWS]
    answers = {
        name: _answers(home, name, rows) for name in ("iris@1", "iris@2", "iris@champion", "width@1", "width@champion")
    }
    return {"keys": texts, "revoked": revoked.text, "answers": answers}


def _publish(home: Path, data: NDArray[np.float64], target: NDArray[np.int64]) -> None:
    first = LogisticRegression(max_iter=1000).fit(data, target)
    second = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression(C=0.1)).fit(data, target)
    third = RandomForestClassifier(n_estimators=2, max_depth=2, random_state=0).fit(data, target)
    for estimator in (first, second, third):
        carafe.publish(estimator, "iris", sample=data, home=home)
    width = make_pipeline(StandardScaler(), LinearRegression()).fit(data[:, :3], data[:, 3])
    carafe.publish(width, "width", sample=data[:, :3], metrics={"mae": 0.1}, home=home)


def _answers(home: Path, name: str, rows: list[list[float]]) -> dict[str, Any]:
    model = carafe.load(name, home=home)
    records = [
        {column.name: value for column, value in zip(model.version.manifest.signature.columns, row, strict=False)}
        for row in rows
    ]
    answers = {"records": records, "version": model.version.number}
    answers["values"] = np.asarray(model.predict(records)).tolist()
    if model.version.manifest.probabilities:
        answers["probabilities"] = np.asarray(model.predict_proba(records)).tolist()
    return answers


def main(output: Path) -> None:
    """Build a home and pack it."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        known = build(home)
        with closing(sqlite3.connect(home / "carafe.db")) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (Path(folder) / "known.json").write_text(json.dumps(known, indent=1))
        with tarfile.open(output, "w:gz", compresslevel=9) as archive:
            for part in ("known.json", "home"):
                archive.add(Path(folder) / part, part, filter=_anonymous)


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


if __name__ == "__main__":
    main(Path(sys.argv[1]))
