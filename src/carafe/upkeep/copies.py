"""The files of versions on their way into an archive, each once, however often the rows are read again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from carafe.errors import CorruptArtefact, NotFound
from carafe.models.files import list_files, opened_file
from carafe.models.verification import verify_artefact
from carafe.registry import Registry
from carafe.upkeep.archive import CHUNK, LeftOut, Member, VersionFiles, artefact_member
from carafe.upkeep.progress import Progress
from carafe.upkeep.writer import Writer


class Copies:
    """What was copied, and what could not be because it was damaged already."""

    def __init__(self, *, registry: Registry, writer: Writer, progress: Progress) -> None:
        self._registry = registry
        self._writer = writer
        self._progress = progress
        self._copied: set[str] = set()
        self.left_out: dict[str, LeftOut] = {}

    def take(self, versions: Iterable[VersionFiles]) -> bool:
        """Copy what is not copied yet; tell whether all that were named are there, and none was deleted meanwhile.

        Raises:
            StorageUnavailable: when files can't be read now.
            OSError: when the archive can't be written.
            NewerArtefact: when a newer Carafe wrote one.
        """
        wanted = list(versions)
        whole = True
        for done, version in enumerate(wanted):
            self._progress(done, len(wanted))
            if version.artefact not in self._copied and version.artefact not in self.left_out:
                whole &= self._copy(version)
        self._progress(len(wanted), len(wanted))
        return whole

    def _copy(self, version: VersionFiles) -> bool:
        """Verify and copy one version's files; tell whether the version is still there."""
        try:
            folder = self._registry.artefacts.fetch(version.artefact)
            promised = verify_artefact(folder, key=self._registry.key, digest=version.digest)
            for name in sorted(list_files(folder)):
                member = self._writer.add(artefact_member(version.artefact, name), _pieces(folder, name))
                _check(member, promised.get(name))
        except CorruptArtefact as error:
            if not self._is_there(version):
                return False
            self.left_out[version.artefact] = LeftOut(
                artefact=version.artefact, version=str(version), reason=str(error)
            )
        else:
            self._copied.add(version.artefact)
        return True

    def _is_there(self, version: VersionFiles) -> bool:
        try:
            return self._registry.metadata.version(version.name, version.number).artefact == version.artefact
        except NotFound:
            return False


def _check(member: Member, promised: str | None) -> None:
    if promised is not None and promised != member.sha256:
        raise CorruptArtefact(f"{member.path}: its content changed while it was read")


def _pieces(folder: Path, name: str) -> Iterator[bytes]:
    with opened_file(folder, name) as stream:
        while piece := stream.read(CHUNK):
            yield piece
