"""Seal a model into a directory of plain data, and open it again only if nothing was changed.

A sealed directory holds ``manifest.json``, ``manifest.sig`` (a keyed digest of the manifest) and the files whose
digests the manifest lists. Opening goes in this order: signature, manifest, digests, and only then a parser of models.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from carafe.errors import CorruptArtefact, NewerArtefact, UnsupportedModel
from carafe.models.files import MAX_FILES, digest_of, list_files, read_checked, read_file, write_files
from carafe.models.flavours import flavour
from carafe.models.golden import Golden, record_golden, replay_golden
from carafe.models.manifest import FORMAT, Manifest, decode_manifest, encode_manifest
from carafe.models.model import Model
from carafe.schema import Rows

MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"
GOLDEN = "golden.json"
RECIPE = "recipe.toml"

MAX_MANIFEST_BYTES = 64 * 1024**2
"""The largest manifest; a million categories still fit."""

_PURPOSE = b"carafe artefact manifest\x00"
"""Mixed into the keyed digest, so that no other digest made with the same key can stand in for it."""


class _Format(msgspec.Struct):
    """The one field that every format has."""

    format: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verified:
    """A manifest and the files it vouches for, all checked."""

    manifest: Manifest
    files: Mapping[str, bytes]


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
    _sign(directory, encode_manifest(sealed), key)
    return sealed


def read_manifest(directory: Path, *, key: bytes) -> Manifest:
    """Return the manifest of a sealed directory, once its signature and every file's digest hold.

    Raises:
        CorruptArtefact: when anything was changed, is missing, or is there without being listed.
        NewerArtefact: when a newer Carafe wrote it.
    """
    return _verify(directory, key).manifest


def load_model(directory: Path, *, key: bytes) -> Model:
    """Verify a sealed directory, load its model, and let it repeat its golden predictions.

    Raises:
        CorruptArtefact: as ``read_manifest``, or when the model can't be loaded or answers differently.
        NewerArtefact: when a newer Carafe wrote it.
        MissingExtra: when the model needs a library that is not installed.
    """
    verified = _verify(directory, key)
    model = flavour(verified.manifest.flavour).load(verified.files, verified.manifest)
    replay_golden(model, _golden(verified.files))
    return model


def reseal(directory: Path, *, key: bytes) -> Manifest:
    """Take in an artefact that another home sealed: check its digests, load it once, and sign it with this home's key.

    The other home's signature says nothing here, so nothing is known about the author: the caller must have been told
    to trust the file. Types outside the allow-list are refused all the same.

    Raises:
        CorruptArtefact: as ``load_model``, the signature left aside.
        NewerArtefact: when a newer Carafe wrote it.
        MissingExtra: when the model needs a library that is not installed.
        StorageUnavailable: when the directory can't be written.
    """
    content = read_file(directory, MANIFEST, limit=MAX_MANIFEST_BYTES)
    verified = _check_files(directory, _parse(content))
    replay_golden(flavour(verified.manifest.flavour).load(verified.files, verified.manifest), _golden(verified.files))
    (directory / SIGNATURE).unlink(missing_ok=True)
    write_files(directory, {SIGNATURE: _signature(content, key)})
    return verified.manifest


def _sign(directory: Path, content: bytes, key: bytes) -> None:
    write_files(directory, {MANIFEST: content, SIGNATURE: _signature(content, key)})


def _signature(content: bytes, key: bytes) -> bytes:
    return hmac.new(key, _PURPOSE + content, hashlib.sha256).hexdigest().encode()


def _verify(directory: Path, key: bytes) -> _Verified:
    content = read_file(directory, MANIFEST, limit=MAX_MANIFEST_BYTES)
    signature = read_file(directory, SIGNATURE, limit=64)
    if not hmac.compare_digest(signature, _signature(content, key)):
        raise CorruptArtefact("manifest.sig: not this home's signature of manifest.json; it was changed or copied here")
    return _check_files(directory, _parse(content))


def _parse(content: bytes) -> Manifest:
    try:
        number = msgspec.json.decode(content, type=_Format).format
        if number < 1:
            raise CorruptArtefact(f"{MANIFEST}: format {number}, expected 1 to {FORMAT}")
        if number > FORMAT:
            raise NewerArtefact(f"format {number}, expected at most {FORMAT}: upgrade carafe-serve to load this model")
        return decode_manifest(content)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise CorruptArtefact(f"{MANIFEST}: {error}") from error


def _check_files(directory: Path, manifest: Manifest) -> _Verified:
    names = [digest.path for digest in manifest.files]
    if len(names) > MAX_FILES or len(set(names)) != len(names) or {MANIFEST, SIGNATURE} & set(names):
        raise CorruptArtefact(f"manifest.json: lists {len(names)} files, expected at most {MAX_FILES}, each once")
    found = list_files(directory) - {MANIFEST, SIGNATURE}
    if found != set(names):
        extra, missing = sorted(found - set(names)), sorted(set(names) - found)
        raise CorruptArtefact(f"files: {extra or 'none'} not in the manifest, {missing or 'none'} missing")
    return _Verified(
        manifest=manifest, files={digest.path: read_checked(directory, digest) for digest in manifest.files}
    )


def _golden(files: Mapping[str, bytes]) -> Golden:
    try:
        return msgspec.json.decode(files[GOLDEN], type=Golden)
    except (KeyError, msgspec.MsgspecError) as error:
        raise CorruptArtefact(f"{GOLDEN}: missing or not readable ({error})") from error
