"""Everything that must hold in a backup, before anything of it is put anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from carafe.access import Purpose, derive
from carafe.access.secret import SIZE
from carafe.errors import CorruptBackup
from carafe.models.verification import MANIFEST, MAX_MANIFEST_BYTES, SIGNATURE, signed_manifest
from carafe.upkeep.archive import SECRET, StoredModel, StoredVersion, VersionFiles, artefact_member, table_member
from carafe.upkeep.progress import Progress
from carafe.upkeep.reader import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a backup brings along, once every digest and every signature in it holds."""

    reader: Reader
    secret: bytes
    versions: tuple[VersionFiles, ...]
    """Those whose files are in it."""


def verify(reader: Reader, progress: Progress) -> Verified:
    """Read all of an archive, and return what it brings along.

    Args:
        reader: the open archive.
        progress: told how many bytes were read, of how many.

    Raises:
        CorruptBackup, CorruptArtefact: when a digest or signature does not hold, or something is missing.
        NewerArtefact: when a newer Carafe wrote an artefact in it.
    """
    _check_digests(reader, progress)
    if missing := [table for table in reader.index.tables if table_member(table) not in reader.members]:
        raise CorruptBackup(f"tables are missing: {', '.join(missing)}")
    secret = reader.content(SECRET, limit=SIZE)
    if len(secret) != SIZE:
        raise CorruptBackup(f"{SECRET}: {len(secret)} bytes, expected {SIZE}")
    left_out = {left.artefact for left in reader.index.left_out}
    versions = tuple(version for version in _versions(reader) if version.artefact not in left_out)
    key = derive(secret, Purpose.ARTEFACTS)
    for version in versions:
        _check_artefact(reader, version, key)
    return Verified(reader=reader, secret=secret, versions=versions)


def _check_digests(reader: Reader, progress: Progress) -> None:
    done, everything = 0, sum(member.size for member in reader.members.values())
    for path in reader.members:
        for piece in reader.pieces(path):
            done += len(piece)
            progress(done, everything)


def _versions(reader: Reader) -> Iterator[VersionFiles]:
    model, version = msgspec.json.Decoder(StoredModel).decode, msgspec.json.Decoder(StoredVersion).decode
    names = {row.id: row.name for row in map(model, reader.lines(table_member("models")))}
    for row in map(version, reader.lines(table_member("versions"))):
        if row.model_id not in names:
            raise CorruptBackup(f"version {row.number} belongs to no model")
        yield VersionFiles(name=names[row.model_id], number=row.number, artefact=row.artefact, digest=row.digest)


def _check_artefact(reader: Reader, version: VersionFiles, key: bytes) -> None:
    """Check a version's signature, and that its files are those that its manifest lists."""
    files = reader.files(version.artefact)
    content, signature = (
        reader.content(artefact_member(version.artefact, name), limit=limit)
        for name, limit in ((MANIFEST, MAX_MANIFEST_BYTES), (SIGNATURE, 64))
    )
    manifest = signed_manifest(content, signature, key=key, digest=version.digest)
    promised = {file.path: (file.size, file.sha256) for file in manifest.files}
    found = {name: (file.size, file.sha256) for name, file in files.items() if name not in {MANIFEST, SIGNATURE}}
    if found != promised:
        wrong = sorted(name for name in found.keys() | promised.keys() if found.get(name) != promised.get(name))
        raise CorruptBackup(f"{version}: files are missing, or are not what its manifest promises: {', '.join(wrong)}")
