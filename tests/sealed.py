"""Sealed artefacts for tests: cheap ones that are never loaded, and real ones that answer."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from unittest.mock import patch

import msgspec
import numpy as np

from carafe.models import Manifest
from carafe.models.files import digest_of, write_files
from carafe.models.manifest import encode_manifest
from carafe.registry import Promotion, Registry, Version
from carafe.schema import Rows
from carafe.testing.metadata_examples import example_manifest

if TYPE_CHECKING:
    from carafe.models.lowering.ladder import Climbed, Original

MODEL = b"not a model, but never loaded either"


def seal_cheaply(folder: Path, *, key: bytes, manifest: Manifest | None = None, content: bytes = MODEL) -> None:
    """Write and sign an artefact whose model can't be loaded; no scikit-learn is imported."""
    manifest = manifest or example_manifest()
    files = (digest_of("model.skops", content),)
    document = encode_manifest(msgspec.structs.replace(manifest, files=files))
    write_files(folder, {"model.skops": content, "manifest.json": document, "manifest.sig": _signed(document, key)})


def seal_really(folder: Path, *, key: bytes, slope: float = 2.0) -> None:
    """Seal a linear regression that answers ``slope * x``."""
    from sklearn.linear_model import LinearRegression  # noqa: PLC0415 - processes that never seal a model start faster

    from carafe.models.sealing import seal  # noqa: PLC0415 - the same

    x = np.linspace(0, 1, 20)
    estimator = LinearRegression().fit(x[:, None], slope * x)
    seal(directory=folder, key=key, manifest=example_manifest(), estimator=estimator, sample=Rows((x,)))


@cache
def _real_files() -> dict[str, bytes]:
    with TemporaryDirectory() as folder:
        seal_really(Path(folder), key=b"anybody's")
        return {file.name: file.read_bytes() for file in Path(folder).iterdir()}


def seal_copy(folder: Path, *, key: bytes) -> None:
    """Seal what ``seal_really`` sealed once for all tests of this process: it answers, and costs next to nothing."""
    files = dict(_real_files())
    files["manifest.sig"] = _signed(files["manifest.json"], key)
    write_files(folder, files)


def _signed(document: bytes, key: bytes) -> bytes:
    return hmac.new(key, b"carafe artefact manifest\x00" + document, hashlib.sha256).hexdigest().encode()


def untried(registry: Registry) -> Registry:
    """Return a registry that loads nothing before an alias has it: cheap artefacts can't be."""
    return replace(registry, trial=lambda _ref, _together, _fresh: None)


@contextmanager
def only_native() -> Iterator[None]:
    """Seal models as if nothing could be lowered, for the tests of what runs natively."""

    from carafe.models.lowering.ladder import Climbed  # noqa: PLC0415 - as above

    def stay(original: Original, _rows: Rows) -> Climbed:
        return Climbed(rungs=original.manifest.ladder, files={})

    with patch("carafe.models.sealing.climb", stay):
        yield


def publish(
    registry: Registry,
    name: str = "houses",
    *,
    manifest: Manifest | None = None,
    promote: Promotion = Promotion.FIRST_ONLY,
) -> Version:
    """Publish a cheap artefact."""
    with registry.staging() as folder:
        seal_cheaply(folder, key=registry.key, manifest=manifest)
        return registry.publish(name=name, staged=folder, promote=promote)


def publish_copy(registry: Registry, name: str = "houses") -> Version:
    """Publish a model that can be loaded and asked, the same each time."""
    with registry.staging() as folder:
        seal_copy(folder, key=registry.key)
        return registry.publish(name=name, staged=folder)


def publish_really(registry: Registry, name: str = "line", *, slope: float = 2.0) -> Version:
    """Publish a linear regression that answers ``slope * x``."""
    with registry.staging() as folder:
        seal_really(folder, key=registry.key, slope=slope)
        return registry.publish(name=name, staged=folder)
