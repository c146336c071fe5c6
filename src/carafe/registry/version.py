"""What the registry knows: models, their versions, and the aliases that point at versions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from carafe.models import Manifest
from carafe.schema import Task


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
    aliases: tuple[str, ...]
    """The aliases that pointed at it when it was read, sorted."""
    artefact: str
    """Under which name the artefact store keeps its files."""
    verdict: str
    """Why it became champion when it was published, or why not."""

    def __str__(self) -> str:
        return f"{self.name}@{self.number}"

    def __repr__(self) -> str:
        story = f"{self.manifest.task} of {self.manifest.signature.target.name}"
        return f"Version({', '.join([str(self), story, *self.aliases])})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """A name for one version of a model: ``champion`` answers where a request names only the model."""

    name: str
    number: int


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
