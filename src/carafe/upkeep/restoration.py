"""From a backup to a home: everything is verified first, and what was restored is seen all at once.

Files come first, then all rows in one transaction, and the secret before it is committed. A restoration that dies on
the way leaves a home that is closed, in which it can be begun again; one that is refused leaves nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import msgspec

from carafe.access.home import RESTORING, has_own_secret
from carafe.access.secret import put_secret
from carafe.database import Database, open_database
from carafe.database.rows import fill, is_empty
from carafe.errors import CorruptBackup, HomeNotEmpty, InvalidSetting
from carafe.registry import State
from carafe.registry.metadata_sql import SqlMetadata
from carafe.registry.open import open_artefacts
from carafe.registry.store import ArtefactStore
from carafe.registry.store_owned import OwnedArtefacts
from carafe.settings import Settings
from carafe.upkeep.archive import Index, VersionFiles, artefact_member, table_member
from carafe.upkeep.mark import Mark, held
from carafe.upkeep.place import check_empty
from carafe.upkeep.progress import Progress, quiet
from carafe.upkeep.reader import Reader, open_archive
from carafe.upkeep.verification import Verified, verify

PAUSED = "paused by the restoration of a backup: what was seen was seen where that was made"
"""What is said of a rollout that was going on."""


def verify_backup(file: Path, *, progress: Progress = quiet) -> Index:
    """Return what is in a backup, once every digest and every signature in it holds; nothing is restored.

    Args:
        file: what ``back_up`` wrote.
        progress: told how many bytes were read, of how many.

    Raises:
        CorruptBackup: when it is none, or is damaged.
        NewerHome, NewerArtefact: when a newer Carafe wrote it, or a model in it.
        BackupUnavailable: when it can't be read.
    """
    with open_archive(file) as reader:
        return verify(reader, progress).reader.index


def restore(settings: Settings, file: Path, *, progress: Progress = quiet) -> Index:
    """Make an empty home, on whatever database and store the settings name, the one that was backed up.

    Models, versions, aliases, the history, keys and the secret are what they were; an older backup is brought up to
    date. A rollout that was going on is paused, with the shares it had. Services that use the home are to be started
    afterwards.

    Args:
        settings: the home; a new folder, mostly.
        file: what ``back_up`` wrote.
        progress: told how many bytes were read, of how many.

    Raises:
        HomeNotEmpty: when the home has something in it already.
        CorruptBackup, BackupUnavailable, NewerHome, NewerArtefact: as ``verify_backup``; nothing was restored.
        InvalidSetting: when the settings bring another secret along than the backup, or name another registry's place
            for the files.
        StorageUnavailable: when the home can't be written, or another restoration into it is under way; begin again
            when it can.
    """
    with open_archive(file) as reader:
        verified = verify(reader, progress)
        if settings.secret is not None and bytes.fromhex(settings.secret) != verified.secret:
            raise InvalidSetting("secret (CARAFE_SECRET): it is not the backup's; leave it out to restore")
        with (
            closing(open_database(settings.home, settings.database_url)) as database,
            closing(
                open_artefacts(settings, secret=verified.secret, known=SqlMetadata(database).artefacts, look=False)
            ) as artefacts,
        ):
            if not (settings.home / RESTORING).exists():
                _check_free(settings, database, artefacts)  # before a home in use is closed to those who use it
            with _closed(settings.home) as mark:
                _restore(settings, verified, database, artefacts, mark)
        return reader.index


def _restore(settings: Settings, verified: Verified, database: Database, artefacts: ArtefactStore, mark: Mark) -> None:
    digest = sha256(msgspec.json.encode(verified.reader.index)).hexdigest()
    if mark.begun == digest and not is_empty(database) and has_own_secret(settings, database):
        return  # one of the same backup had put everything in place when it died
    if not mark.begun or not is_empty(database):
        _check_free(settings, database, artefacts)
    mark.begin(digest)
    _put(settings, verified, database, artefacts)


def _check_free(settings: Settings, database: Database, artefacts: ArtefactStore) -> None:
    check_empty(settings, database, artefacts)
    if isinstance(artefacts, OwnedArtefacts):
        artefacts.ownership.is_marked()  # an empty place can be another registry's, too: all that it kept is deleted


def _put(settings: Settings, verified: Verified, database: Database, artefacts: ArtefactStore) -> None:
    reader = verified.reader
    names: dict[str, str] = {}

    def lines(table: str) -> Iterator[bytes]:
        rows = reader.lines(table_member(table))
        if table == "versions":
            return (_renamed(row, names) for row in rows)
        return map(_paused, rows) if table == "rollouts" else rows

    def put_own_secret() -> None:
        if settings.secret is None:
            put_secret(settings.home, verified.secret)

    with artefacts.staging():  # while it lasts nobody takes files for orphans that no row names yet
        try:
            for version in verified.versions:
                names[version.artefact] = _keep(artefacts, reader, version)
            index = reader.index
            fill(database, revision=index.revision, tables=index.tables, lines=lines, before_commit=put_own_secret)
        except (CorruptBackup, HomeNotEmpty):
            for artefact in names.values():
                artefacts.remove(artefact)
            if isinstance(artefacts, OwnedArtefacts):
                artefacts.ownership.release()
            raise


def _keep(artefacts: ArtefactStore, reader: Reader, version: VersionFiles) -> str:
    """Put a version's files into the store, and return the name that it draws for them."""
    with artefacts.staging() as folder:
        for name in reader.files(version.artefact):
            descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "wb") as stream:
                stream.writelines(reader.pieces(artefact_member(version.artefact, name)))
        with artefacts.keep(folder) as artefact:
            return artefact


def _renamed(row: bytes, names: Mapping[str, str]) -> bytes:
    """Return a row of the table of versions with the name that its files have here; without files it keeps its own."""
    fields = msgspec.json.decode(row, type=dict[str, object])
    artefact = str(fields["artefact"])
    return msgspec.json.encode(fields | {"artefact": names.get(artefact, artefact)})


def _paused(row: bytes) -> bytes:
    """Return a row of the table of rollouts in which none goes on, and whose step has not lasted yet.

    What was seen of it was seen by other services. It still counts, but no step is taken before this one's has seen it
    out.
    """
    fields = msgspec.json.decode(row, type=dict[str, object])
    if fields.get("state") == State.RUNNING.value:
        fields |= {"state": State.PAUSED.value, "outcome": PAUSED, "changed": datetime.now(UTC).isoformat()}
    if fields.get("state") == State.PAUSED.value:
        fields["lasted"] = 0.0
    return msgspec.json.encode(fields)


@contextmanager
def _closed(home: Path) -> Iterator[Mark]:
    """Close the home until the block has ended well, or was refused and has left everything as it was."""
    with held(home) as mark:
        try:
            yield mark
        except (CorruptBackup, InvalidSetting):
            if not mark.begun:  # else what an earlier one left is still to be restored
                mark.remove()
            raise
        except HomeNotEmpty:
            mark.remove()
            raise
        mark.remove()
