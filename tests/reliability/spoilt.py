"""Versions that must not replace a good one: signed by the home, and yet corrupt, wrong, slow or too big."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np

from carafe.models.files import digest_of
from carafe.models.golden import Golden
from carafe.models.manifest import encode_manifest
from carafe.models.sealing import seal
from carafe.models.verification import GOLDEN, MANIFEST, SIGNATURE, open_artefact, signature_of
from carafe.registry import Registry, Version
from carafe.schema import Rows
from carafe.testing.metadata_examples import example_manifest
from sealed import seal_really

SLOW_ROWS = 1_000_000
"""Golden rows that take seconds to repeat."""


def publish_spoilt(registry: Registry, name: str, spoil: Callable[[Golden], Golden]) -> Version:
    """Publish a version whose golden predictions were changed before it was signed."""
    with registry.staging() as folder:
        seal_really(folder, key=registry.key, slope=5)
        golden = msgspec.json.decode((folder / GOLDEN).read_bytes(), type=Golden)
        _replace(folder, registry.key, msgspec.json.encode(spoil(golden)))
        return registry.publish(name=name, staged=folder)


def wrong(golden: Golden) -> Golden:
    """Promise other answers than the model gives."""
    return msgspec.structs.replace(golden, values=tuple(value + 1 for value in golden.values))


def slow(golden: Golden) -> Golden:
    """Promise so many answers that repeating them takes seconds."""
    times = SLOW_ROWS // len(golden.rows)
    return msgspec.structs.replace(golden, rows=golden.rows * times, values=golden.values * times)


def publish_big(registry: Registry, name: str) -> Version:
    """Publish a forest that takes some MiB once it is loaded."""
    from sklearn.ensemble import RandomForestRegressor  # noqa: PLC0415 - heavy

    x = np.linspace(0, 1, 1000)
    forest = RandomForestRegressor(30, random_state=0).fit(x[:, None], x)
    with registry.staging() as folder:
        seal(directory=folder, key=registry.key, manifest=example_manifest(), estimator=forest, sample=Rows((x,)))
        return registry.publish(name=name, staged=folder)


def publish_corrupt(registry: Registry, name: str) -> Version:
    """Publish a good version, then change one byte of its stored files."""
    version = publish_spoilt(registry, name, lambda golden: golden)
    corrupt(registry, version)
    return version


def corrupt(registry: Registry, version: Version) -> None:
    """Change one byte of a version's stored files."""
    file = registry.artefacts.fetch(version.artefact) / "plan.json"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.chmod(0o600)
    file.write_bytes(content)


def _replace(folder: Path, key: bytes, content: bytes) -> None:
    """Put other golden predictions into a sealed folder, and sign it again."""
    manifest = open_artefact(folder, key=key).manifest
    files = tuple(digest_of(GOLDEN, content) if file.path == GOLDEN else file for file in manifest.files)
    document = encode_manifest(msgspec.structs.replace(manifest, files=files))
    for name, text in {GOLDEN: content, MANIFEST: document, SIGNATURE: signature_of(document, key)}.items():
        (folder / name).chmod(0o600)
        (folder / name).write_bytes(text)
    assert hashlib.sha256(content).hexdigest() in document.decode()
