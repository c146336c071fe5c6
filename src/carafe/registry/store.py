"""The interface of whatever keeps the files of versions."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What a store held when it was looked through; others may add and remove meanwhile."""

    kept: frozenset[str]
    """The names of the artefacts that can be fetched."""
    aside: frozenset[str]
    """The names of those that were put aside."""
    staging: int
    """How many staging folders there are, in use or abandoned."""


class ArtefactStore(Protocol):
    """Where the files of versions are. ``carafe.testing.check_artefact_store`` holds what every one must do.

    An artefact is a folder of plain files that never change, under a name that the store draws. The store knows
    nothing of what is in the files.
    """

    def staging(self) -> AbstractContextManager[Path]:
        """Yield an empty private folder in which to prepare an artefact; it is gone after the block.

        Raises:
            StorageUnavailable: when the disk can't be written.
        """
        ...

    def keep(self, staged: Path) -> AbstractContextManager[str]:
        """Move a folder into the store, safe from a power cut, and yield the artefact's name.

        While the block runs ``collect`` leaves everything alone, so that the name can be written down meanwhile.

        Raises:
            CorruptArtefact: when the folder holds anything but plain files.
            StorageUnavailable: when the disk can't be written.
        """
        ...

    def fetch(self, artefact: str) -> Path:
        """Return the folder with the artefact's files; it is not to be changed.

        Raises:
            CorruptArtefact: when there is no such artefact, or no longer.
        """
        ...

    def quarantine(self, artefact: str) -> None:
        """Put an artefact aside, where nobody fetches it but its owner can look at it. Without it, do nothing."""
        ...

    def remove(self, artefact: str) -> None:
        """Delete an artefact. Without it, do nothing."""
        ...

    def collect(self, referenced: Callable[[], frozenset[str]], *, after: datetime | None = None) -> frozenset[str]:
        """Delete what a crash left behind: artefacts that are not ``referenced``, and abandoned staging folders.

        Does nothing while any process stages or keeps an artefact.

        Args:
            referenced: asked once nobody can keep an artefact any more; returns the names of those that stay.
            after: artefacts from before this moment stay as well.

        Returns:
            The names of the artefacts that were deleted.
        """
        ...

    def survey(self) -> Survey:
        """Return what is in the store.

        Raises:
            StorageUnavailable: when it can't be looked through now.
        """
        ...

    def close(self) -> None:
        """Let go of what is held open."""
        ...
