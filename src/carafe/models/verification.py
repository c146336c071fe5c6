"""A sealed directory whose signature and digests hold: the one way to get at anything that is in it.

Opening goes in this order: signature, manifest, digests. Whoever holds an ``Artefact`` need not check anything again.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from carafe.errors import CorruptArtefact, NewerArtefact
from carafe.models.files import MAX_FILES, check_file, list_files, read_checked, read_file
from carafe.models.flavours import FILES
from carafe.models.manifest import FORMAT, NATIVE, FileDigest, Manifest, decode_manifest

MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"
GOLDEN = "golden.json"
RECIPE = "recipe.toml"
HOLDOUT = "holdout.json"

MAX_MANIFEST_BYTES = 64 * 1024**2
"""The largest manifest; a million categories still fit."""

_PURPOSE = b"carafe artefact manifest\x00"
"""Mixed into the keyed digest, so that no other digest made with the same key can stand in for it."""


class _Format(msgspec.Struct):
    """The one field that every format has."""

    format: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Artefact:
    """A sealed directory, all of whose files were found to be what its manifest promises.

    ``digest`` is the SHA-256 of the manifest. ``files`` are the contents, as they were checked, of what answers: a
    version that does not run natively keeps the library's own model on the disk.
    """

    folder: Path
    manifest: Manifest
    digest: str
    files: Mapping[str, bytes] = field(repr=False)

    def read(self, name: str) -> bytes | None:
        """Return the content of a file that the manifest lists; None where it lists none of that name.

        Raises:
            CorruptArtefact: when it is not any more what the manifest promises, or is gone.
            StorageUnavailable: when it can't be read now.
        """
        digest = next((digest for digest in self.manifest.files if digest.path == name), None)
        if digest is None:
            return None
        return self.files[name] if name in self.files else read_checked(self.folder, digest)

    def native_files(self) -> Mapping[str, bytes]:
        """Return the files of the library's own model; those that were left on the disk are read and checked now.

        Raises:
            CorruptArtefact: when one of them is not any more what the manifest promises, or is gone.
            StorageUnavailable: when one can't be read now.
        """
        return {
            digest.path: content
            for digest in self.manifest.files
            if _is_native(self.manifest, digest) and (content := self.read(digest.path)) is not None
        }


def open_artefact(folder: Path, *, key: bytes) -> Artefact:
    """Return what a directory holds, once its signature and every file's digest hold.

    Raises:
        CorruptArtefact: when anything was changed, is missing, or is there without being listed.
        NewerArtefact: when a newer Carafe wrote it.
        StorageUnavailable: when it can't be read now.
    """
    content = read_file(folder, MANIFEST, limit=MAX_MANIFEST_BYTES)
    _check_signature(content, read_file(folder, SIGNATURE, limit=64), key)
    return _checked(folder, content)


def verify_artefact(folder: Path, *, key: bytes, digest: str) -> Mapping[str, str]:
    """Check everything that ``open_artefact`` checks, without holding a file's content in memory.

    Args:
        folder: the sealed directory.
        key: the home's key for artefacts.
        digest: the SHA-256 of the manifest that was published.

    Returns:
        The SHA-256 of each file that the manifest lists.

    Raises:
        CorruptArtefact, NewerArtefact, StorageUnavailable: as ``open_artefact``.
    """
    manifest = verify_manifest(folder, key=key, digest=digest)
    for file in manifest.files:
        check_file(folder, file)
    return {file.path: file.sha256 for file in manifest.files}


def verify_manifest(folder: Path, *, key: bytes, digest: str) -> Manifest:
    """Return a manifest whose signature holds, and which lists what is there; no other file is opened.

    Raises:
        CorruptArtefact, NewerArtefact, StorageUnavailable: as ``open_artefact``.
    """
    content = read_file(folder, MANIFEST, limit=MAX_MANIFEST_BYTES)
    manifest = signed_manifest(content, read_file(folder, SIGNATURE, limit=64), key=key, digest=digest)
    _check_names(manifest, list_files(folder))
    return manifest


def signed_manifest(content: bytes, signature: bytes, *, key: bytes, digest: str) -> Manifest:
    """Return the manifest, once its signature holds and it is the one that was published.

    Raises:
        CorruptArtefact: when it is another one, or can't be read.
        NewerArtefact: when a newer Carafe wrote it.
    """
    _check_signature(content, signature, key)
    if hashlib.sha256(content).hexdigest() != digest:
        raise CorruptArtefact(f"{MANIFEST} is not the one that was published as this version")
    return _parse(content)


def open_foreign(folder: Path) -> tuple[Artefact, bytes]:
    """Return what a directory of another home holds, once every file's digest holds, and the manifest to be signed.

    Raises:
        CorruptArtefact, NewerArtefact, StorageUnavailable: as ``open_artefact``.
    """
    content = read_file(folder, MANIFEST, limit=MAX_MANIFEST_BYTES)
    return _checked(folder, content), content


def signature_of(content: bytes, key: bytes) -> bytes:
    """Return the keyed digest of a manifest: HMAC-SHA256 in hexadecimal."""
    return hmac.new(key, _PURPOSE + content, hashlib.sha256).hexdigest().encode()


def _check_signature(content: bytes, signature: bytes, key: bytes) -> None:
    if not hmac.compare_digest(signature, signature_of(content, key)):
        raise CorruptArtefact("manifest.sig: not this home's signature of manifest.json; it was changed or copied here")


def _checked(folder: Path, content: bytes) -> Artefact:
    manifest = _parse(content)
    _check_names(manifest, list_files(folder))
    files = {digest.path: read_checked(folder, digest) for digest in manifest.files if _is_kept(manifest, digest)}
    for digest in manifest.files:
        if digest.path not in files:
            check_file(folder, digest)
    return Artefact(folder=folder, manifest=manifest, digest=hashlib.sha256(content).hexdigest(), files=files)


def _is_kept(manifest: Manifest, digest: FileDigest) -> bool:
    """Tell whether a file's content is needed to answer; a native model may be larger than all the rest together."""
    if digest.path in {RECIPE, HOLDOUT}:
        return False
    return manifest.runs_as == NATIVE or not _is_native(manifest, digest)


def _is_native(manifest: Manifest, digest: FileDigest) -> bool:
    return digest.path in FILES.get(manifest.flavour, frozenset())


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


def _check_names(manifest: Manifest, there: frozenset[str]) -> None:
    names = [digest.path for digest in manifest.files]
    if len(names) > MAX_FILES or len(set(names)) != len(names) or {MANIFEST, SIGNATURE} & set(names):
        raise CorruptArtefact(f"{MANIFEST}: lists {len(names)} files, expected at most {MAX_FILES}, each once")
    found = there - {MANIFEST, SIGNATURE}
    if found != set(names):
        extra, missing = sorted(found - set(names)), sorted(set(names) - found)
        raise CorruptArtefact(f"files: {extra or 'none'} not in the manifest, {missing or 'none'} missing")
