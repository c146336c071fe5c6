"""A version that is loaded and answers."""

from __future__ import annotations

from dataclasses import dataclass, field

from carafe.models import Manifest, Model
from carafe.protocols.typed_json import TypedRecords
from carafe.schema import ModelRef, Signature
from carafe.serving.costs import Costs
from carafe.serving.footprint import footprint


class Usage:
    """When a version was asked last, in ticks of its catalog; written by every request, so nothing guards it."""

    __slots__ = ("last",)

    def __init__(self) -> None:
        self.last = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Served:
    """A loaded version: whoever holds it can ask it, even after another version took its place."""

    name: str
    number: int
    manifest: Manifest
    model: Model
    costs: Costs | None = None
    """What it takes alone and in company; None where it was not measured."""
    batched: bool = False
    """Whether requests that come while it is busy are answered together."""
    cached: bool = False
    """Whether its answers are kept."""
    alone: Model | None = None
    """The model without company and cache; None where ``model`` is that already."""
    signature: Signature = field(init=False)
    """What it takes and answers."""
    typed: TypedRecords = field(init=False, repr=False)
    """The typed reading of its records."""
    ref: ModelRef = field(init=False)
    """The exact version."""
    text: str = field(init=False)
    """``name@number``."""
    bytes: int = field(init=False)
    """How much memory it takes, estimated."""
    usage: Usage = field(init=False, repr=False, default_factory=Usage)

    def __post_init__(self) -> None:
        # Made once: every request asks for them.
        object.__setattr__(self, "signature", self.model.signature)
        object.__setattr__(self, "typed", TypedRecords(self.model.signature))
        object.__setattr__(self, "ref", ModelRef(name=self.name, version=self.number))
        object.__setattr__(self, "bytes", footprint(self.manifest))
        object.__setattr__(self, "text", f"{self.name}@{self.number}")

    @property
    def bare(self) -> Model:
        """The model without company and cache: whoever asks it keeps nobody waiting."""
        return self.alone or self.model

    def __str__(self) -> str:
        return self.text
