"""What the registry knows: models, their versions, and the aliases that point at versions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from carafe.models import Manifest
from carafe.registry.traffic import Traffic
from carafe.schema import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointed:
    """That an alias points at a version, and for how much of what is asked of it."""

    alias: str
    percent: float
    """How many of a hundred requests the version answers; 0 where it is only asked along."""

    def __str__(self) -> str:
        if self.percent == 100:
            return self.alias
        return f"{self.alias} {self.percent:g} %" if self.percent else f"{self.alias} shadow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a model. It never changes; only the aliases that point at it do."""

    name: str
    number: int
    created: datetime
    """When it was published, in UTC."""
    digest: str
    """SHA-256 of its manifest file, hexadecimal; the manifest holds the digests of all other files."""
    manifest: Manifest
    pointed: tuple[Pointed, ...]
    """The aliases that pointed at it when it was read, sorted by name."""
    artefact: str
    """Under which name the artefact store keeps its files."""
    verdict: str
    """Why it became champion when it was published, or why not."""

    @property
    def aliases(self) -> tuple[str, ...]:
        """The names of the aliases that pointed at it when it was read, sorted."""
        return tuple(pointed.alias for pointed in self.pointed)

    def __str__(self) -> str:
        return f"{self.name}@{self.number}"

    def __repr__(self) -> str:
        story = f"{self.manifest.task} of {self.manifest.signature.target.name}"
        return f"Version({', '.join([str(self), story, *map(str, self.pointed)])})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """A name for what answers: mostly one version. ``champion`` answers where a request names only the model."""

    name: str
    traffic: Traffic
    revision: int
    """The identifier of the history's entry that made it what it is: another one after every change."""
    changed: datetime
    """Since when it is so, in UTC."""

    @property
    def number(self) -> int:
        """The version that answers where only one can."""
        return self.traffic.main


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredModel:
    """A model that has at least one version."""

    name: str
    created: datetime
    """When its first version was published, in UTC."""
    task: Task
    """What its latest version does."""
    latest: int
    """The highest version number."""
    versions: int
    """How many versions there are."""
    aliases: tuple[Alias, ...]
    """Sorted by name."""
