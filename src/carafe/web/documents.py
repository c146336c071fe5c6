"""What the management routes take and answer, as types; the OpenAPI document is written from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

import msgspec

from carafe.models import Manifest
from carafe.models.manifest import Candidate, Confusion, Importance, Metric, Provenance, Rung
from carafe.registry import Page, RegisteredModel, Version
from carafe.schema import Signature, Task
from carafe.serving import Served


class ModelDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A model: its versions in figures, and what its aliases point at."""

    name: str
    task: Task
    created: datetime
    latest: int
    versions: int
    aliases: dict[str, int]

    @classmethod
    def of(cls, model: RegisteredModel) -> ModelDocument:
        """Return the document of a registered model."""
        return cls(
            name=model.name,
            task=model.task,
            created=model.created,
            latest=model.latest,
            versions=model.versions,
            aliases={alias.name: alias.number for alias in model.aliases},
        )


class LoadedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A version that is loaded in the process that answers, and how it is asked.

    ``batched``: requests that come while it is busy are answered together. ``cached``: its answers are kept.
    ``pinned``: it stays loaded, whatever else is asked. ``bytes``: how much memory it takes, estimated. The seconds are
    what one row took alone, and 32 rows in one call, when it was loaded; null where it was not measured.
    """

    version: int
    batched: bool
    cached: bool
    pinned: bool
    bytes: int
    seconds_alone: float | None
    seconds_together: float | None

    @classmethod
    def of(cls, served: Served, *, pinned: bool) -> LoadedDocument:
        """Return the document of a loaded version."""
        costs = served.costs
        return cls(
            version=served.number,
            batched=served.batched,
            cached=served.cached,
            pinned=pinned,
            bytes=served.bytes,
            seconds_alone=None if costs is None else costs.alone,
            seconds_together=None if costs is None else costs.together,
        )


class ModelDetail(ModelDocument, frozen=True, kw_only=True):
    """A model, and which of its versions the process that answers has loaded."""

    loaded: tuple[LoadedDocument, ...]

    @classmethod
    def with_loaded(
        cls, model: RegisteredModel, loaded: Iterable[Served], *, pinned: Callable[[Served], bool]
    ) -> ModelDetail:
        """Return the document of a registered model and its loaded versions; ``pinned`` tells which of them stay."""
        documents = tuple(LoadedDocument.of(one, pinned=pinned(one)) for one in loaded)
        return cls(**msgspec.structs.asdict(ModelDocument.of(model)), loaded=documents)


class ModelPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of models; ``total`` counts those of all pages."""

    models: list[ModelDocument]
    total: int
    page: int
    page_size: int

    @classmethod
    def of(cls, page: Page[RegisteredModel]) -> ModelPage:
        """Return the document of a page."""
        models = [ModelDocument.of(model) for model in page.items]
        return cls(models=models, total=page.total, page=page.page, page_size=page.size)


class VersionSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A version in a list."""

    model: str
    version: int
    created: datetime
    aliases: tuple[str, ...]
    task: Task
    algorithm: str
    metrics: tuple[Metric, ...]

    @classmethod
    def of(cls, version: Version) -> VersionSummary:
        """Return the summary of a version."""
        manifest = version.manifest
        return cls(
            model=version.name,
            version=version.number,
            created=version.created,
            aliases=version.aliases,
            task=manifest.task,
            algorithm=manifest.algorithm,
            metrics=manifest.metrics,
        )


class VersionPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a model's versions."""

    versions: list[VersionSummary]
    total: int
    page: int
    page_size: int

    @classmethod
    def of(cls, page: Page[Version]) -> VersionPage:
        """Return the document of a page."""
        versions = [VersionSummary.of(version) for version in page.items]
        return cls(versions=versions, total=page.total, page=page.page, page_size=page.size)


class VersionDocument(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known about a version."""

    model: str
    version: int
    created: datetime
    aliases: tuple[str, ...]
    verdict: str
    digest: str
    task: Task
    algorithm: str
    flavour: str
    probabilities: bool
    signature: Signature
    metrics: tuple[Metric, ...]
    importance: tuple[Importance, ...]
    confusion: Confusion | None
    candidates: tuple[Candidate, ...]
    ladder: tuple[Rung, ...]
    provenance: Provenance
    recipe: str

    @classmethod
    def of(cls, version: Version) -> VersionDocument:
        """Return the document of a version."""
        manifest: Manifest = version.manifest
        return cls(
            model=version.name,
            version=version.number,
            created=version.created,
            aliases=version.aliases,
            verdict=version.verdict,
            digest=version.digest,
            task=manifest.task,
            algorithm=manifest.algorithm,
            flavour=manifest.flavour,
            probabilities=manifest.probabilities,
            signature=manifest.signature,
            metrics=manifest.metrics,
            importance=manifest.importance,
            confusion=manifest.confusion,
            candidates=manifest.candidates,
            ladder=manifest.ladder,
            provenance=manifest.provenance,
            recipe=manifest.recipe,
        )


class Liveness(msgspec.Struct, frozen=True, kw_only=True):
    """The process runs."""

    status: str = "alive"


class FaultDocument(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that stands in the way of an answer. Models are named only to those who may see them."""

    problem: str
    title: str
    model: str | None = None
    wanted: int | None = None
    answering: int | None = None


class ReadinessDocument(msgspec.Struct, frozen=True, kw_only=True):
    """Whether requests should be sent here: ``ready`` and ``degraded`` say yes, every other status says no."""

    status: str
    faults: list[FaultDocument]


class VersionInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Which Carafe this is."""

    version: str
    name: str = "carafe"
