"""A store in a place that others can name, too: nothing is kept or collected there before it is known to be ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path

from carafe.errors import CorruptArtefact
from carafe.registry.owner import Ownership
from carafe.registry.store import ArtefactStore, Survey


class OwnedArtefacts:
    """An ArtefactStore in front of another one, in a place with an owner.

    The place is looked at whenever something is put there, put aside, removed or collected, and whenever something
    seems to be gone: a share can be unmounted at any time, and what is in its place then is empty.
    """

    def __init__(self, store: ArtefactStore, ownership: Ownership) -> None:
        self._store = store
        self.ownership = ownership

    def staging(self) -> AbstractContextManager[Path]:
        """Yield an empty private folder in which to prepare an artefact."""
        self.ownership.check()
        return self._store.staging()

    @contextmanager
    def keep(self, staged: Path) -> Iterator[str]:
        """Move a folder into the store, once the place is claimed, and yield the artefact's name."""
        self.ownership.claim()
        with self._store.keep(staged) as artefact:
            yield artefact

    def fetch(self, artefact: str) -> Path:
        """Return the folder with the artefact's files; what is gone is so only where it should be."""
        try:
            return self._store.fetch(artefact)
        except CorruptArtefact:
            self.ownership.check()
            raise

    def quarantine(self, artefact: str) -> None:
        """Put an artefact aside."""
        self.ownership.check()
        self._store.quarantine(artefact)

    def remove(self, artefact: str) -> None:
        """Delete an artefact."""
        self.ownership.check()
        self._store.remove(artefact)

    def collect(self, referenced: Callable[[], frozenset[str]], *, after: datetime | None = None) -> frozenset[str]:
        """Delete what a crash left behind; before anything was ever kept there can be nothing."""
        if not self.ownership.check():
            return frozenset()
        return self._store.collect(referenced, after=after)

    def survey(self) -> Survey:
        """Return what is in the store, whosever it is."""
        return self._store.survey()

    def close(self) -> None:
        """Let go of what is held open."""
        self._store.close()
