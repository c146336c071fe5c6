"""What each alias points at, loaded; a version that can't be loaded never replaces one that answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from threading import Lock

from carafe.errors import NotFound
from carafe.models import Artefact, Model
from carafe.registry import Query, Registry, Version
from carafe.schema import ModelRef
from carafe.schema.exchange import CHAMPION
from carafe.serving.afresh import afresh
from carafe.serving.arrangement import plainly
from carafe.serving.faults import Faults
from carafe.serving.following import Following
from carafe.serving.kept import Kept
from carafe.serving.loading import Loader
from carafe.serving.observers import Observer, Observers
from carafe.serving.pointing import Pointing, Target, main_of, versions_of
from carafe.serving.readiness import Readiness, state_of
from carafe.serving.served import Served
from carafe.serving.shelf import Limits

MOST_WARMED = 64
"""How many models' champions are loaded before anybody asks, beside what is pinned."""

WARM_SECONDS = 120.0
"""For how long a process says that it is starting while what it loads at the start is still being loaded."""

WARM_PAUSE = 0.05
"""Seconds between two looks for what is still being loaded at the start."""

LOOKS_A_RETRY = 4
"""Every so many looks, what failed is tried again although nothing changed."""


class Catalog:
    """The versions that answer in this process. Safe to use from several threads.

    Reading is a look into a dictionary. ``refresh`` notices by the registry's generation number that something
    changed, loads what is new beside what is old, and swaps; requests that hold the old version finish with it.

    Args:
        registry: where versions and aliases are.
        load: makes a model of verified files.
        arrange: says how a loaded model is served.
        default_model: the model of a request that names none.
        limits: how much stays loaded, and how long a request waits for a load.
        pinned: aliases and versions that are loaded at the start and stay, whatever else is asked.
        observers: are told of loads and swaps.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        load: Callable[[Artefact], Model],
        arrange: Callable[[Version, Model], Served] = plainly,
        default_model: str | None = None,
        limits: Limits | None = None,
        pinned: Iterable[ModelRef] = (),
        observers: Sequence[Observer] = (),
    ) -> None:
        told = Observers.of(observers)
        self._registry = registry
        self._arrange = arrange
        self._kept = Kept(limits=limits or Limits(), pinned=pinned, observers=told)
        self._faults = Faults()
        self._loader = Loader(
            registry=registry,
            load=load,
            arrange=self._arranged,
            shelf=self._kept.shelf,
            admit=self._kept.check,
            observers=told,
        )
        self._pointing = Pointing(registry=registry, loader=self._loader, fit=self._kept.check_together, observers=told)
        self._following = Following(
            registry=registry,
            loader=self._loader,
            pointing=self._pointing,
            kept=self._kept,
            faults=self._faults,
            observers=told,
        )
        self._plain, self._splits, self._find = (
            self._kept.targets.plain, self._kept.targets.splits, self._kept.shelf.find
        )  # fmt: skip
        self._default_model = default_model
        self._default: ModelRef | None = None
        self._default_since: int | None = None
        self._tick = 1
        self._refreshing = Lock()
        self._warmed = False

    def get(self, ref: ModelRef | None = None) -> Served:
        """Return the version that answers for ``ref``, loading it where nobody asked for it before.

        Where an alias shares its requests, this is its main version.

        Raises:
            NotFound: when there is no such model, version or alias, or no default model where ``ref`` is None.
            CorruptArtefact, LoadFailed, NewerArtefact, MissingExtra, StorageUnavailable, ModelTooLarge: when it
                can't be loaded.
            StillLoading: when that takes longer than a request may wait.
        """
        return main_of(self.route(ref))

    def route(self, ref: ModelRef | None = None) -> Target:
        """Return the version that answers for ``ref``, or the split that chooses one; as ``get`` otherwise."""
        ref = ref or self.default()
        served = self._plain.get(ref) if ref.version is None else self._find(ref.name, ref.version)
        if served is not None:
            served.usage.last = self._tick
            return served
        target = self._splits.get(ref) or self._load(ref)
        for served in versions_of(target):
            served.usage.last = self._tick
        return target

    def default(self) -> ModelRef:
        """Return what a request that names no model asks.

        Raises:
            NoDefaultModel: when there are several models, or none, and none was chosen.
        """
        return self._default or self._find_default()

    def refresh(self) -> None:
        """Follow the registry where it changed since the last look; keep answering where that fails."""
        with self._refreshing:
            self._tick += 1
            try:
                self._following.look(retry=self._tick % LOOKS_A_RETRY == 0)
                if self._default_since != self._following.generation:
                    self._default = None
                self._faults.registry = None
            except Exception as error:  # noqa: BLE001 - whatever befalls the registry, loaded models answer on
                self._following.look_again()
                self._faults.note_unreadable(error)
            self._kept.make_room()

    def warm(self) -> None:
        """Load what is pinned and every model's champion, so that no request has to wait for it.

        Gives up waiting after WARM_SECONDS; what is slower is loaded all the same, and found by a later refresh.
        """
        until = time.monotonic() + WARM_SECONDS
        try:
            left = [*self._kept.pinned, *self._champions()]
            while left and time.monotonic() < until:
                with self._refreshing:  # a refresh that follows a promotion must not be overtaken by an older look
                    left = self._following.follow(ref for ref in left if self._kept.targets.find(ref) is None)
                self.refresh()
                time.sleep(WARM_PAUSE if left else 0)
        except Exception as error:  # noqa: BLE001 - as in refresh
            self._faults.note_unreadable(error)
        self._warmed = True

    def try_out(self, ref: ModelRef, together: Sequence[Version], fresh: Iterable[Version]) -> None:
        """Load the versions that an alias is to have and has not yet; a trial as ``Registry`` makes them.

        Raises:
            NotFound: when a version is not there any more.
            CorruptArtefact, LoadFailed, NewerArtefact, MissingExtra, StorageUnavailable: when one can't be loaded.
            ModelTooLarge: when they, or all that it needs together, are more or larger than what may be loaded.
            StillLoading: when that takes longer than a request may wait.
        """
        if len(together) > 1:
            self._kept.check_together(ref, together)
        for version in fresh:
            self.get(ModelRef(name=version.name, version=version.number))

    def loaded(self, name: str) -> tuple[Served, ...]:
        """Return the versions of a model that are loaded in this process, in the order of their numbers."""
        return tuple(sorted((one for one in self._kept.shelf.all() if one.name == name), key=lambda one: one.number))

    def pinned(self, served: Served) -> bool:
        """Tell whether a version stays loaded because the settings say so."""
        return served in self._kept.pinned_versions()

    def readiness(self) -> Readiness:
        """Tell whether this process can answer."""
        faults, registry = self._faults.all(), self._faults.registry
        answers = bool(self._kept.targets or self._kept.pinned_versions())
        return Readiness(
            state=state_of(warmed=self._warmed, broken=bool(faults or registry), answers=answers),
            loaded=len(self._kept.shelf.all()),
            faults=faults,
            registry=registry,
        )

    def _find_default(self) -> ModelRef:
        since = self._registry.generation()  # before the look: what changes meanwhile is found by the next refresh
        found = self._registry.default(self._default_model)
        self._default_since, self._default = since, found
        return found

    def _champions(self) -> list[ModelRef]:
        query = Query(size=min(MOST_WARMED, self._kept.shelf.limits.versions))
        found = self._registry.models(query).items
        named = [model.name for model in found if CHAMPION in {alias.name for alias in model.aliases}]
        return [ModelRef(name=name, alias=CHAMPION) for name in named]

    def _arranged(self, version: Version, model: Model) -> Served:
        served = self._arrange(version, model)
        served.usage.last = self._tick  # what was just loaded is not what makes room
        return served

    def _load(self, ref: ModelRef) -> Target:
        """Load what ``ref`` names and remember it under that name; again where the registry changed meanwhile."""
        if ref.version is not None:
            served = self._loader.load(self._registry.resolve(ref))
            self._kept.thin_out()
            return served
        generation = self._registry.generation()
        try:
            traffic = self._registry.alias(ref.name, ref.alias or CHAMPION).traffic
            pointed = self._pointing.point(ref, traffic, old=None, shadows=False)
        except NotFound:
            if self._registry.generation() != generation:
                return self._load(ref)
            raise
        self._faults.note(ref, pointed.fault)
        if pointed.target is None:
            raise afresh(pointed.fault.error) if pointed.fault else AssertionError
        target = self._kept.answer(ref, pointed.target)
        if traffic.shadows:
            self._following.look_again()  # whoever refreshes next loads them
        if self._registry.generation() != generation:
            return self._load(ref)
        for served in versions_of(target):
            served.usage.last = self._tick  # what was loaded long ago for another reason is not what makes room
        self._kept.make_room()
        return target
