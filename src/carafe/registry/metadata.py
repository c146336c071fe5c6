"""The interface of whatever remembers which versions there are and which aliases point at them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from carafe.models import Manifest
from carafe.registry.gates import Gates
from carafe.registry.history import Change, Entry, HistoryQuery
from carafe.registry.promotion import Standing, Verdict
from carafe.registry.query import Page, Query
from carafe.registry.rollout_store import RolloutStore
from carafe.registry.version import Alias, RegisteredModel, Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A version that is about to get its number."""

    name: str
    created: datetime
    digest: str
    artefact: str
    manifest: Manifest
    by: str = ""
    """Who publishes it."""
    reason: str = ""
    """Why, or where it comes from."""


class MetadataStore(Protocol):
    """Which versions there are. ``carafe.testing.check_metadata_store`` holds what every implementation must do.

    Every method sees or makes one whole change; a change that returned survives a crash. Names, aliases and numbers
    were checked before they come here.
    """

    @property
    def rollouts(self) -> RolloutStore:
        """The rollouts of the same models."""
        ...

    def generation(self) -> int:
        """Return how many changes there were: a number that grows with each, cheap to ask for."""
        ...

    def add(self, draft: Draft, *, judge: Callable[[Standing], Verdict]) -> Version:
        """Give a version the model's next number, from 1, never one that was used before.

        ``judge`` is asked, within the same change, whether the alias ``champion`` is to point at it.
        """
        ...

    def version(self, name: str, number: int) -> Version:
        """Return a version by its number.

        Raises:
            ModelNotFound: when no model has this name.
            VersionNotFound: when the model has no such version.
        """
        ...

    def aliased(self, name: str, alias: str) -> Version:
        """Return the main version that an alias points at.

        Raises:
            ModelNotFound: when no model has this name.
            AliasNotFound: when the model has no such alias.
        """
        ...

    def alias(self, name: str, alias: str) -> Alias:
        """Return what an alias points at, and its revision.

        Raises:
            ModelNotFound: when no model has this name.
            AliasNotFound: when the model has no such alias.
        """
        ...

    def model(self, name: str) -> RegisteredModel:
        """Return a model that has at least one version.

        Raises:
            ModelNotFound: when there is none.
        """
        ...

    def models(self, query: Query) -> Page[RegisteredModel]:
        """Return one page of the models that have versions."""
        ...

    def versions(self, query: Query, *, name: str | None = None) -> Page[Version]:
        """Return one page of the versions, of one model or of all; those of one model are ordered by number.

        Raises:
            ModelNotFound: when ``name`` is given and no model has it.
        """
        ...

    def change(self, change: Change) -> Entry:
        """Change or forget an alias, and return the entry that the history has of it.

        The entry's moment is the change's, or that of the model's last entry where that is later.

        Raises:
            ModelNotFound: when no model has this name.
            VersionNotFound: when the model has not every version that the traffic names.
            AliasNotFound: when an alias is to be forgotten that the model does not have.
            AliasChanged: when the alias has not the revision that the change expects, or the model not the gates by
                which it was judged.
        """
        ...

    def remove(self, name: str, number: int, *, when: datetime, by: str = "") -> Version:
        """Forget a version, and return what it was.

        Raises:
            ModelNotFound: when no model has this name.
            VersionNotFound: when the model has no such version.
            VersionInUse: when an alias points at it, or a rollout that goes on turns back to it or leads to it.
        """
        ...

    def history(self, name: str, query: HistoryQuery) -> Page[Entry]:
        """Return one page of what happened to a model, the latest first, those of a model without versions included.

        Raises:
            ModelNotFound: when no model ever had this name.
        """
        ...

    def gates(self, name: str) -> Gates:
        """Return what a version must fulfil before it may answer as champion, also of a model without versions.

        Raises:
            ModelNotFound: when no model ever had this name.
        """
        ...

    def set_gates(self, name: str, gates: Gates, *, when: datetime, by: str = "") -> None:
        """Change what a version must fulfil before it may answer as champion; the history tells of it.

        Raises:
            ModelNotFound: when no model ever had this name.
        """
        ...

    def artefacts(self) -> frozenset[str]:
        """Return the store's names of all versions' artefacts."""
        ...

    def close(self) -> None:
        """Let go of what is held open."""
        ...
