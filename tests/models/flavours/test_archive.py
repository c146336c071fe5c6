from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsRegressor

from carafe.errors import CorruptArtefact
from carafe.models.flavours.archive import FILE, check_archive
from carafe.models.flavours.sklearn import dump, load
from carafe.models.publication import Publication

MEGABYTE = 1024**2


def archive_of(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def rewritten(content: bytes, change: Callable[[Any], object]) -> bytes:
    """Return the archive of a model whose plan was changed by hand."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    plan = json.loads(files["schema.json"])
    change(plan)
    return archive_of(files | {"schema.json": json.dumps(plan).encode()})


def planned(*files: str) -> bytes:
    part = {"__loader__": "BytesNode", "__module__": "builtins", "__class__": "bytes"}
    return json.dumps({"content": [part | {"file": file} for file in files]}).encode()


def test_what_carafe_stores_is_sound() -> None:
    rows = sparse.random(50, 20, density=0.2, format="csr", random_state=0)
    for estimator in (LinearRegression(), KNeighborsRegressor()):
        check_archive(dump(estimator.fit(rows, np.arange(50.0)))[FILE])


def test_a_part_that_is_named_again_counts_again() -> None:
    zeros = bytes(MEGABYTE)
    check_archive(archive_of({"schema.json": planned(*["zeros"] * 60), "zeros": zeros}))
    with pytest.raises(CorruptArtefact, match=r"model\.skops: would grow from \d+ to 104857600 bytes"):
        check_archive(archive_of({"schema.json": planned(*["zeros"] * 100), "zeros": zeros}))


def test_an_archive_within_the_archive_counts_unpacked() -> None:
    inner = archive_of({"data.npy": bytes(100 * MEGABYTE)})
    with pytest.raises(CorruptArtefact, match=r"model\.skops: would grow from \d+ to 1049\d+ bytes"):
        check_archive(archive_of({"schema.json": planned("rows"), "rows": inner}))


@pytest.mark.parametrize("content", [{"a": b""}, {"schema.json": b"{"}, {"schema.json": planned("nowhere")}])
def test_an_archive_without_a_plan_or_a_part_is_refused(content: dict[str, bytes]) -> None:
    with pytest.raises(CorruptArtefact, match=r"model\.skops: can't be parsed"):
        check_archive(archive_of(content))


def test_a_plan_without_end_is_refused() -> None:
    with pytest.raises(CorruptArtefact, match=r"model\.skops: can't be parsed \(RecursionError"):
        check_archive(archive_of({"schema.json": b"[" * 100_000 + b"]" * 100_000}))


@pytest.mark.parametrize("loader", ["ConstructorFromReduceNode", "LossNode"])
def test_a_file_calls_no_constructor_with_arguments_of_its_own(publication: Publication, loader: str) -> None:
    """A type of the list that opens a file when it is called, as LightGBM's does, stays closed."""

    def call(plan: dict[str, Any]) -> None:
        words = {"__loader__": "TupleNode", "__module__": "builtins", "__class__": "tuple", "content": []}
        plan |= {"__loader__": loader, "__module__": "lightgbm.basic", "__class__": "Booster", "content": words}
        plan["__reduce__"] = {"args": words}

    content = rewritten(dump(publication.estimator)[FILE], call)
    with pytest.raises(CorruptArtefact, match=r"model\.skops: .*: a call of lightgbm\.basic\.Booster"):
        load({FILE: content}, publication.manifest)
