"""What stays loaded: what aliases answer with and what is pinned, then what was asked last, as much as may be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from carafe.registry import Version
from carafe.schema import ModelRef
from carafe.serving.observers import Observers
from carafe.serving.pointing import Target, versions_of
from carafe.serving.served import Served
from carafe.serving.shelf import Limits, Shelf
from carafe.serving.targets import Targets

MOST_UNPOINTED = 8
"""How many versions that no alias needs stay loaded, because they were asked for by number."""


class Kept:
    """The loaded versions, and why each of them is.

    Args:
        limits: how much stays loaded.
        pinned: aliases and versions that stay, whatever else is asked.
        observers: are told of versions that are let go of.
    """

    def __init__(self, *, limits: Limits, pinned: Iterable[ModelRef], observers: Observers) -> None:
        self.shelf = Shelf(limits, observers=observers)
        self.targets = Targets()
        self.pinned = tuple(dict.fromkeys(pinned))
        self.held: frozenset[tuple[str, int]] = frozenset()
        """The versions, by name and number, that rollouts may turn back to, whether or not an alias needs them now."""

    def check(self, version: Version) -> None:
        """Return when a version can be loaded at all, beside those that always stay.

        Raises:
            ModelTooLarge: when it can't.
        """
        self.shelf.check(version, pinned=self.pinned_versions())

    def check_together(self, ref: ModelRef, versions: Sequence[Version]) -> None:
        """Return when an alias can have versions loaded at once, beside those that others pinned.

        Raises:
            ModelTooLarge: when it can't.
        """
        self.shelf.check_together(versions, pinned=self.pinned_versions(but=ref))

    def pinned_versions(self, *, but: ModelRef | None = None) -> set[Served]:
        """Return the versions that are pinned, as far as they are loaded, those left out that only ``but`` names."""
        found: set[Served] = set()
        for ref in self.pinned:
            if ref == but:
                continue
            exact = None if ref.version is None else self.shelf.find(ref.name, ref.version)
            target = exact or self.targets.find(ref)
            found.update(() if target is None else versions_of(target))
        return found

    def unpointed(self) -> list[Served]:
        """Return the loaded versions that no alias or rollout needs and nobody pinned, the longest loaded first."""
        needed, held = self.targets.needed() | self.pinned_versions(), self.held
        return [
            served for served in self.shelf.all() if served not in needed and (served.name, served.number) not in held
        ]

    def answer(self, ref: ModelRef, target: Target) -> Target:
        """Let an alias answer with a target from now on; what of it was let go of since it was loaded comes back."""
        self.targets.put(ref, target)
        for served in versions_of(target):
            self.shelf.put_back(served)
        return target

    def let_go(self, served: Served) -> None:
        """Forget a version, unless an alias came to need it since somebody looked whether one does."""
        self.shelf.drop(served)
        if served in self.targets.needed():
            self.shelf.put_back(served)

    def make_room(self) -> None:
        """Let go of the versions asked least recently, where more are loaded than may be; who holds one finishes."""
        for served in self.shelf.excess(pinned=self.pinned_versions):
            self.targets.forget_version(served)
            self.let_go(served)

    def thin_out(self) -> None:
        """Let go of the versions that no alias needs, but for the last few of them; then make room."""
        for served in self.unpointed()[:-MOST_UNPOINTED]:
            self.let_go(served)
        self.make_room()
