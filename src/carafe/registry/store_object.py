"""The files of versions in an S3-compatible store that several machines share, with copies on each one's disk."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from carafe.errors import CorruptArtefact, StorageUnavailable
from carafe.models.files import MAX_FILES, list_files
from carafe.models.manifest import FileDigest
from carafe.registry.client_obstore import Bucket
from carafe.registry.staging import make_durable, told
from carafe.registry.store import Survey
from carafe.registry.store_cache import ArtefactCache, Mark

GRACE = timedelta(hours=24)
"""How old what no version refers to must be before it is collected: another machine may be uploading it now, or about
to write its row, and no lock reaches from machine to machine."""

_NAME = re.compile(r"[0-9a-f]{32}")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class ObjectArtefacts:
    """An ArtefactStore in a bucket: ``kept/<artefact>/`` holds its files, ``digests/<artefact>`` the digest of each.

    The latter is written last and deleted first, so an artefact is there whole or not at all. An artefact that is put
    aside has ``quarantine/<artefact>`` in its place.
    """

    def __init__(self, bucket: Bucket, cache: ArtefactCache, *, grace: timedelta = GRACE) -> None:
        self._bucket = bucket
        self._cache = cache
        self._grace = grace

    def staging(self) -> AbstractContextManager[Path]:
        """Yield an empty private folder on this machine's disk; it is gone after the block."""
        return self._cache.area.folder()

    @contextmanager
    def keep(self, staged: Path) -> Iterator[str]:
        """Upload a folder and yield the artefact's name; the folder becomes this machine's copy."""
        artefact = secrets.token_hex(16)
        with self._cache.area.in_use():
            with told():
                make_durable(staged)
                mark = Mark(files=tuple(_digest(staged / name) for name in sorted(list_files(staged))))
            for file in mark.files:
                with (staged / file.path).open("rb") as stream:
                    self._bucket.put(f"kept/{artefact}/{file.path}", stream)
            self._bucket.put(f"digests/{artefact}", msgspec.json.encode(mark))
            with suppress(StorageUnavailable):  # it is kept; what is not here will be fetched
                self._cache.add(artefact, mark, lambda folder: _move(staged, folder))
            yield artefact

    def fetch(self, artefact: str) -> Path:
        """Return the folder with this machine's copy, which is fetched where it is not here or not as it should be.

        A copy that is whole serves also while the store can't be asked.
        """
        _check_name(artefact)
        try:
            content = self._bucket.get(f"digests/{artefact}")
        except StorageUnavailable:
            copy = self._cache.find(artefact)
            if copy is None:
                raise
            return copy
        if content is None:
            self._cache.drop(artefact)
            aside = self._bucket.get(f"quarantine/{artefact}") is not None
            raise CorruptArtefact("its files were damaged and put aside" if aside else "its files are gone")
        mark = _decoded(content)
        return self._cache.find(artefact, mark) or self._download(artefact, mark)

    def quarantine(self, artefact: str) -> None:
        """Put an artefact aside, where nobody fetches it but its owner can look at it."""
        _check_name(artefact)
        if self._bucket.copy(f"digests/{artefact}", f"quarantine/{artefact}"):
            self._bucket.delete([f"digests/{artefact}"])

    def remove(self, artefact: str) -> None:
        """Delete an artefact: first what says that it is there, then its files."""
        _check_name(artefact)
        self._bucket.delete([f"digests/{artefact}", f"quarantine/{artefact}"])
        self._bucket.delete([found.key for found in self._bucket.list(f"kept/{artefact}/")])
        self._cache.drop(artefact)

    def collect(self, referenced: Callable[[], frozenset[str]], *, after: datetime | None = None) -> frozenset[str]:
        """Delete what a crash left behind a day ago or earlier, unless any process here stages or keeps an artefact.

        What there is comes before both questions, whether anything is staged and what is referenced: what was uploaded
        and written down in between is not taken for an orphan. Nobody who stages waits while the store is asked, which
        may take long or fail; what is younger than the grace is nobody's orphan yet.
        """
        found = self._old(after)
        with self._cache.area.alone() as alone:
            if not alone:
                return frozenset()
            self._cache.area.empty()
        orphans = found - referenced() if found else found
        for orphan in orphans:
            self.remove(orphan)
        return frozenset(orphans)

    def survey(self) -> Survey:
        """Return what is in the bucket, and how many staging folders are on this machine."""
        return Survey(
            kept=frozenset(self._names("digests")),
            aside=frozenset(self._names("quarantine")),
            staging=self._cache.area.count(),
        )

    def close(self) -> None:
        """Let this machine's copies make room for others again."""
        self._cache.close()

    def _download(self, artefact: str, mark: Mark) -> Path:
        try:
            return self._cache.add(artefact, mark, lambda folder: self._bring(artefact, mark, folder))
        except CorruptArtefact:  # once more before what is stored is believed to be damaged
            return self._cache.add(artefact, mark, lambda folder: self._bring(artefact, mark, folder))

    def _bring(self, artefact: str, mark: Mark, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        for file in mark.files:
            if not self._bucket.download(f"kept/{artefact}/{file.path}", folder / file.path, file.size):
                raise CorruptArtefact(f"{file.path}: it is gone from the object store")

    def _old(self, after: datetime | None) -> set[str]:
        """Return the artefacts from between ``after`` and the grace, by the store's clock; none that is put aside."""
        newest: dict[str, datetime] = {}
        for found in [*self._bucket.list("kept/"), *self._bucket.list("digests/")]:
            artefact = found.key.split("/")[1]
            newest[artefact] = max(found.modified, newest.get(artefact, found.modified))
        if not newest:
            return set()
        until = self._now() - self._grace
        old = {name for name, when in newest.items() if when <= until and (after is None or when >= after)}
        return {name for name in old if _NAME.fullmatch(name)} - set(self._names("quarantine"))

    def _now(self) -> datetime:
        """Return the store's time, which is that of an object written now: clocks of machines may differ."""
        self._bucket.put("clock/now", b"")
        return max(found.modified for found in self._bucket.list("clock/"))

    def _names(self, folder: str) -> list[str]:
        return [found.key.rpartition("/")[2] for found in self._bucket.list(f"{folder}/")]


def _check_name(artefact: str) -> None:
    if not _NAME.fullmatch(artefact):
        raise CorruptArtefact("its files have a name that this store does not draw")


def _move(folder: Path, target: Path) -> None:
    folder.rename(target)


def _digest(file: Path) -> FileDigest:
    with file.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
        return FileDigest(path=file.name, sha256=found, size=stream.tell())


def _decoded(content: bytes) -> Mark:
    """Return a mark as it was uploaded; a name that would leave the folder is none of Carafe's."""
    try:
        mark = msgspec.json.decode(content, type=Mark)
    except msgspec.MsgspecError as error:
        raise CorruptArtefact(f"the list of its files can't be read ({error})") from error
    if len(mark.files) > MAX_FILES + 2 or not all(_FILE.fullmatch(file.path) for file in mark.files):
        raise CorruptArtefact("the list of its files names what no artefact has")
    return mark
