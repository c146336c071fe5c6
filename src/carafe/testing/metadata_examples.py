"""Versions, changes and shared requests for the checks of metadata stores."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from carafe.models import Manifest
from carafe.models.container import ColumnType, Container, Shape
from carafe.models.manifest import Metric, Provenance
from carafe.registry.gates import Gates
from carafe.registry.history import Action, Change, Entry
from carafe.registry.metadata import Draft, MetadataStore
from carafe.registry.promotion import Opinion, Promotion, judge
from carafe.registry.traffic import Share, Traffic
from carafe.registry.version import Version
from carafe.schema import Column, Kind, Signature, Target, Task

NOON = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)
MakeMetadata = Callable[[], MetadataStore]


def example_manifest(*, task: Task = Task.REGRESSION, score: float = 0.5, holdout: str = "") -> Manifest:
    """Return the manifest of a small model of one column, with no files."""
    classes = ("no", "yes") if task is Task.CLASSIFICATION else ()
    return Manifest(
        name="example",
        signature=Signature(
            columns=(Column(name="größe", kind=Kind.NUMBER),), target=Target(name="y", task=task, classes=classes)
        ),
        flavour="sklearn",
        container=Container(shape=Shape.ARRAY, columns=(ColumnType(dtype="float64"),)),
        algorithm="linear",
        provenance=Provenance(
            created="2026-11-20T12:00:00Z", carafe="0.1.0", python="3.11.7", libraries=(), holdout_sha256=holdout
        ),
        metrics=(Metric(name="score", value=score, baseline=0.0),),
    )


def add(
    store: MetadataStore,
    name: str,
    *,
    minutes: int = 0,
    manifest: Manifest | None = None,
    promotion: Promotion = Promotion.FIRST_ONLY,
) -> Version:
    """Add a version as the registry does, some minutes after noon."""
    manifest = manifest or example_manifest()
    draft = Draft(
        name=name,
        created=NOON + timedelta(minutes=minutes),
        digest=f"{minutes:064x}",
        artefact=f"{name}-{minutes}-{store.generation()}",
        manifest=manifest,
    )
    return store.add(draft, judge=partial(judge, promotion, Opinion()))


def point(
    store: MetadataStore,
    name: str,
    alias: str,
    traffic: Traffic | int,
    *,
    minutes: int = 0,
    expected: int | None = None,
    judged: Gates | None = None,
) -> Entry:
    """Let an alias point at a version or share its requests, some minutes after noon."""
    change = Change(
        name=name,
        alias=alias,
        traffic=Traffic.to(traffic) if isinstance(traffic, int) else traffic,
        action=Action.PROMOTE,
        when=NOON + timedelta(minutes=minutes),
        by="ann",
        reason="tried it",
        expected=expected,
        judged=judged,
    )
    return store.change(change)


def drop(store: MetadataStore, name: str, alias: str, *, expected: int | None = None) -> Entry:
    """Forget an alias."""
    return store.change(Change(name=name, alias=alias, traffic=None, action=Action.DROP, when=NOON, expected=expected))


def shared(*percents: float, shadows: tuple[int, ...] = (), sticky: str | None = None) -> Traffic:
    """Return traffic in which version 1 answers the first percentage of requests, version 2 the second, and so on."""
    shares = tuple(Share(version=number, percent=percent) for number, percent in enumerate(percents, start=1))
    return Traffic(shares=shares, shadows=shadows, sticky=sticky)
