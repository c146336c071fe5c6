"""Seal a model into a directory of plain data, and load it again from one that was verified.

A sealed directory holds ``manifest.json``, ``manifest.sig`` (a keyed digest of the manifest) and the files whose
digests the manifest lists. No parser of models sees a byte before ``carafe.models.verification`` has checked them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from carafe.errors import CorruptArtefact, UnsupportedModel
from carafe.models.files import digest_of, write_files
from carafe.models.flavours import flavour
from carafe.models.golden import Golden, record_golden, replay_golden
from carafe.models.manifest import Manifest, encode_manifest
from carafe.models.model import Model
from carafe.models.verification import (
    GOLDEN,
    MANIFEST,
    RECIPE,
    SIGNATURE,
    Artefact,
    open_foreign,
    signature_of,
)
from carafe.schema import Rows


def seal(*, directory: Path, key: bytes, manifest: Manifest, estimator: object, sample: Rows) -> Manifest:
    """Write an estimator and all that is known about it into an empty directory.

    Before the signature is written the files are loaded back, and the loaded model must give the answers of the
    original to the golden rows.

    Args:
        directory: exists and is empty.
        key: the home's artefact key.
        manifest: as it shall be, its ``files`` still empty.
        estimator: what the manifest's flavour can keep.
        sample: rows that fit the signature; a few of them become golden predictions.

    Returns:
        The manifest with its files.

    Raises:
        UnsupportedModel: when the estimator can't be kept, or answers differently once loaded back.
        PredictionFailed: when the estimator can't answer the sample.
        StorageUnavailable: when the directory can't be written.
    """
    kind = flavour(manifest.flavour)
    files = kind.dump(estimator)
    golden = record_golden(kind.wrap(estimator, manifest), sample, probabilities=manifest.probabilities)
    try:
        replay_golden(kind.load(files, manifest), golden)
    except CorruptArtefact as error:
        raise UnsupportedModel(f"{manifest.algorithm}: stored and loaded again it is not the same: {error}") from error
    files[GOLDEN] = msgspec.json.encode(golden)
    if manifest.recipe:
        files[RECIPE] = manifest.recipe.encode()
    sealed = msgspec.structs.replace(manifest, files=tuple(digest_of(name, files[name]) for name in sorted(files)))
    write_files(directory, files)
    content = encode_manifest(sealed)
    write_files(directory, {MANIFEST: content, SIGNATURE: signature_of(content, key)})
    return sealed


def load_model(artefact: Artefact) -> Model:
    """Load the model of a verified artefact, and let it repeat its golden predictions.

    Raises:
        CorruptArtefact: when it can't be loaded or answers differently.
        MissingExtra: when it needs a library that is not installed.
    """
    manifest, files = artefact.manifest, artefact.files
    model = flavour(manifest.flavour).load(files, manifest)
    replay_golden(model, _golden(files))
    return model


def reseal(directory: Path, *, key: bytes) -> Manifest:
    """Take in an artefact that another home sealed: check its digests, load it once, and sign it with this home's key.

    The other home's signature says nothing here, so nothing is known about the author: the caller must have been told
    to trust the file. Types outside the allow-list are refused all the same.

    Raises:
        CorruptArtefact: as ``load_model``, or when a digest does not hold.
        NewerArtefact: when a newer Carafe wrote it.
        MissingExtra: when the model needs a library that is not installed.
        StorageUnavailable: when the directory can't be written.
    """
    artefact, content = open_foreign(directory)
    load_model(artefact)
    (directory / SIGNATURE).unlink(missing_ok=True)
    write_files(directory, {SIGNATURE: signature_of(content, key)})
    return artefact.manifest


def _golden(files: Mapping[str, bytes]) -> Golden:
    try:
        return msgspec.json.decode(files[GOLDEN], type=Golden)
    except (KeyError, msgspec.MsgspecError) as error:
        raise CorruptArtefact(f"{GOLDEN}: missing or not readable ({error})") from error
