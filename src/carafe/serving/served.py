"""A version that is loaded and answers."""

from __future__ import annotations

from dataclasses import dataclass

from carafe.models import Manifest, Model
from carafe.schema import ModelRef, Signature


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Served:
    """A loaded version: whoever holds it can ask it, even after another version took its place."""

    name: str
    number: int
    manifest: Manifest
    model: Model

    @property
    def signature(self) -> Signature:
        """What it takes and answers."""
        return self.model.signature

    @property
    def ref(self) -> ModelRef:
        """The exact version."""
        return ModelRef(name=self.name, version=self.number)

    def __str__(self) -> str:
        return f"{self.name}@{self.number}"
