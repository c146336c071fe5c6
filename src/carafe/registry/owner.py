"""Whose a shared place for files is: two registries that took one for theirs would each delete what the other keeps.

What a registry's database does not know in its place is what a crash left behind, and is collected. So the place bears
a mark of its registry, written once, before the first files. It is derived from the registry's secret, which machines
that share a registry share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hmac import compare_digest
from typing import Protocol

from carafe.errors import InvalidSetting, StorageUnavailable

MARK = "owner"
"""The mark's name in a place: of a file, or of an object."""

Known = Callable[[], frozenset[str]]
"""Returns the names of all artefacts that the registry's database knows."""


class Place(Protocol):
    """Where a store keeps files, and a mark can stand beside them. Every method may raise StorageUnavailable."""

    def owner(self) -> str | None:
        """Return what the mark says; None where there is none, or no such place."""
        ...

    def claim(self, owner: str) -> None:
        """Write the mark, whole or not at all, unless there is one."""
        ...

    def release(self) -> None:
        """Remove the mark."""
        ...

    def held(self) -> frozenset[str]:
        """Return the names of the artefacts that are there, those put aside included; nothing is created."""
        ...


class Ownership:
    """Finds out whether a place is a registry's own, and makes it so.

    Args:
        place: where the files are.
        owner: what the mark of this registry says.
        known: what its database knows.
    """

    def __init__(self, place: Place, *, owner: str, known: Known) -> None:
        self._place = place
        self._owner = owner
        self._known = known
        self._marked_here = False

    def look(self) -> bool:
        """Return whether the place bears this registry's mark; one that is empty, without any, is a new one's.

        A place from before there were marks is marked where it holds files that the database knows.

        Raises:
            InvalidSetting: when it is another registry's, or holds files of which nobody knows whose they are.
            StorageUnavailable: when it is not the one that the database knows, or can't be read.
        """
        if self.is_marked():
            return True
        if not self._known():
            return self._is_marked_by_now()
        self._check_held()
        self._mark()
        return True

    def look_if_reached(self) -> None:
        """Look unless the place can't be read now: copies of what is there can answer in its stead.

        Raises:
            InvalidSetting, StorageUnavailable: as ``look``, but for what may be over soon.
        """
        try:
            self._place.owner()
        except StorageUnavailable:
            return
        self.look()

    def is_marked(self) -> bool:
        """Return whether the place bears this registry's mark, and not none.

        Raises:
            InvalidSetting: when it bears another's.
            StorageUnavailable: when it can't be read.
        """
        found = self._place.owner()
        if found is None:
            return False
        if not compare_digest(found.encode(), self._owner.encode()):
            raise InvalidSetting(
                "artifacts_url (CARAFE_ARTIFACTS_URL): another registry keeps its files in this place, and each would "
                "delete what the other keeps: name an empty place of this one's own. Machines that share a registry "
                "share its database and secret, too (CARAFE_DATABASE_URL, CARAFE_SECRET)"
            )
        return True

    def check(self) -> bool:
        """Return as ``look`` does, while the registry is in use; a marked place must hold something that it knows.

        A registry that was restored from a backup of another has its secret, and so its mark, too.

        Raises:
            StorageUnavailable: as ``look``, and where the place is another registry's by now.
        """
        with _since_opened():
            marked = self.look()
            if marked:
                self._check_held()
            return marked

    def claim(self) -> None:
        """Return once the place is this registry's, before anything is put there or collected.

        Raises:
            StorageUnavailable: as ``check``.
        """
        if not self.check():
            with _since_opened():
                self._mark()

    def release(self) -> None:
        """Take the mark away again if it was written by this very object, for somebody who leaves nothing behind."""
        if self._marked_here:
            self._place.release()

    def _mark(self) -> None:
        self._place.claim(self._owner)
        if not self.is_marked():
            raise StorageUnavailable("the place of the models' files does not keep what is written there: look at it")
        self._marked_here = True

    def _is_marked_by_now(self) -> bool:
        """Return whether files are there because another machine of this registry is publishing the first version."""
        if not self._place.held():
            return False
        if self.is_marked():
            return True
        raise InvalidSetting(
            "artifacts_url (CARAFE_ARTIFACTS_URL): there are files of models in this place, and the database knows "
            "none of them: name an empty place, or the database that they belong to (CARAFE_DATABASE_URL)"
        )

    def _check_held(self) -> None:
        if self._lacks_everything() and self._lacks_everything():  # the only version may just have been deleted
            raise StorageUnavailable(
                "the place of the models' files (CARAFE_ARTIFACTS_URL) holds nothing that the database knows: the "
                "folder is not mounted, or this is another folder, bucket or prefix. Nothing was made or deleted; "
                "mount it or correct the setting, then try again. Files that are lost come back from a backup only; a "
                "service that still runs can delete the versions instead (DELETE /models/NAME/versions/NUMBER)"
            )

    def _lacks_everything(self) -> bool:
        known = self._known()
        return bool(known) and known.isdisjoint(self._place.held())


@contextmanager
def _since_opened() -> Iterator[None]:
    """Say of a place that was right when it was opened that it can't be used now, not that a setting is wrong."""
    try:
        yield
    except InvalidSetting as error:
        raise StorageUnavailable(str(error)) from error
