"""The mark of a registry in a folder that machines share."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from carafe.database import flush_folder
from carafe.registry.owner import MARK
from carafe.registry.staging import Staging, told

_MOST_BYTES = 200


class FolderPlace:
    """A Place in the root folder of a DiskArtefacts. The file system must know hard links, as NFS does."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._file = root / MARK

    def owner(self) -> str | None:
        """Return what the mark says."""
        with told():
            try:
                with self._file.open("rb") as stream:
                    return stream.read(_MOST_BYTES).decode("ascii", "replace").strip()
            except (FileNotFoundError, NotADirectoryError):
                return None

    def claim(self, owner: str) -> None:
        """Write the mark under another name first, and give it its own only where no other has it."""
        with Staging(self._root).folder() as folder, told():
            draft = folder / MARK
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
                stream.write(f"{owner}\n")
                stream.flush()
                os.fsync(stream.fileno())
            with suppress(FileExistsError):
                self._file.hardlink_to(draft)
            flush_folder(self._root)

    def release(self) -> None:
        """Remove the mark."""
        with told():
            self._file.unlink(missing_ok=True)
            flush_folder(self._root)

    def held(self) -> frozenset[str]:
        """Return the names of the artefacts that are there."""
        with told():
            return frozenset(name for folder in ("kept", "quarantine") for name in _names(self._root / folder))


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - names are wanted
    except (FileNotFoundError, NotADirectoryError):
        return []
