"""What each alias points at, loaded; a version that can't be loaded never replaces one that answers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from threading import Lock

from carafe.errors import CarafeError, NotFound, StorageUnavailable
from carafe.models import Artefact, Model
from carafe.registry import Query, Registry, Version
from carafe.schema import ModelRef
from carafe.schema.exchange import CHAMPION
from carafe.serving.arrangement import plainly
from carafe.serving.loading import Loader
from carafe.serving.observers import Observer, Observers
from carafe.serving.pointing import Target, main_of, point, versions_of
from carafe.serving.readiness import Fault, Readiness, State
from carafe.serving.served import Served
from carafe.serving.split import Split

MOST_UNPOINTED = 8
"""How many versions that no alias needs stay loaded, because they were asked for by number."""

MOST_WARMED = 64
"""How many models' champions are loaded before anybody asks."""

MOST_LOADED = 100
"""How many versions stay loaded, whatever points at them, unless the settings say otherwise."""

_LOG = logging.getLogger("carafe.serving")


class Catalog:
    """The versions that answer in this process. Safe to use from several threads.

    Reading is a look into a dictionary. ``refresh`` notices by the registry's generation number that something
    changed, loads what is new beside what is old, and swaps; requests that hold the old version finish with it.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        load: Callable[[Artefact], Model],
        arrange: Callable[[Version, Model], Served] = plainly,
        default_model: str | None = None,
        most_loaded: int = MOST_LOADED,
        observers: Sequence[Observer] = (),
    ) -> None:
        self._registry = registry
        self._observers = Observers.of(observers)
        self._loader = Loader(registry=registry, load=load, arrange=arrange, observers=self._observers)
        self._default_model = default_model
        self._most_loaded = most_loaded
        self._tick = 1
        self._default: ModelRef | None = None
        self._aliases: dict[ModelRef, Served] = {}
        self._splits: dict[ModelRef, Split] = {}
        """The aliases that share their requests or ask shadows; none of them is among the others, but for the moment
        of a swap."""
        self._faults: dict[ModelRef, Fault] = {}
        self._generation: int | None = None
        self._refreshing = Lock()
        self._warmed = False
        self._unreadable: CarafeError | None = None

    def get(self, ref: ModelRef | None = None) -> Served:
        """Return the version that answers for ``ref``, loading it where nobody asked for it before.

        Where an alias shares its requests, this is its main version.

        Raises:
            NotFound: when there is no such model, version or alias, or no default model where ``ref`` is None.
            CorruptArtefact, NewerArtefact, MissingExtra, StorageUnavailable: when it can't be loaded.
        """
        return main_of(self.route(ref))

    def route(self, ref: ModelRef | None = None) -> Target:
        """Return the version that answers for ``ref``, or the split that chooses one; as ``get`` otherwise."""
        ref = ref or self._default or self._find_default()
        served = self._aliases.get(ref) if ref.version is None else self._loader.find(ref.name, ref.version)
        if served is not None:
            served.usage.last = self._tick
            return served
        target = self._splits.get(ref) or self._load(ref)
        for served in versions_of(target):
            served.usage.last = self._tick
        return target

    def refresh(self) -> None:
        """Follow the registry where it changed since the last look; keep answering where that fails."""
        with self._refreshing:
            self._tick += 1
            try:
                generation = self._registry.generation()
                if generation != self._generation or self._faults:
                    self._generation = generation
                    self._follow()
                self._unreadable = None
            except Exception as error:  # noqa: BLE001 - whatever befalls the registry, loaded models answer on
                self._generation = None
                self._note_unreadable(error)

    def warm(self) -> None:
        """Load every model's champion, so that no request has to wait for it."""
        try:
            for model in self._registry.models(Query(size=min(MOST_WARMED, self._most_loaded))).items:
                ref = ModelRef(name=model.name, alias=CHAMPION)
                known = ref in self._aliases or ref in self._splits
                if any(alias.name == CHAMPION for alias in model.aliases) and not known:
                    with self._refreshing:  # a refresh that follows a promotion must not be overtaken by an older look
                        self._try(ref)
        except Exception as error:  # noqa: BLE001 - as in refresh
            self._note_unreadable(error)
        self._warmed = True

    def loaded(self, name: str) -> tuple[Served, ...]:
        """Return the versions of a model that are loaded in this process, in the order of their numbers."""
        return tuple(sorted((one for one in self._loader.all() if one.name == name), key=lambda one: one.number))

    def readiness(self) -> Readiness:
        """Tell whether this process can answer."""
        faults = tuple(self._faults.values())
        state = State.READY
        if not self._warmed:
            state = State.STARTING
        elif (faults or self._unreadable) and not self._aliases and not self._splits:
            state = State.FAILING
        elif faults or self._unreadable:
            state = State.DEGRADED
        return Readiness(state=state, loaded=len(self._loader.all()), faults=faults, registry=self._unreadable)

    def _find_default(self) -> ModelRef:
        self._default = self._registry.default(self._default_model)
        self._generation = None  # it may have changed while it was looked up; the next refresh looks again
        return self._default

    def _load(self, ref: ModelRef) -> Target:
        """Load what ``ref`` names and remember it under that name; again where the registry changed meanwhile."""
        generation = self._registry.generation()
        if ref.version is not None:
            served = self._loader.load(self._registry.resolve(ref))
            self._drop_unpointed(most=MOST_UNPOINTED)
            self._touch(served)
            return served
        try:
            pointed = point(ref, registry=self._registry, loader=self._loader, old=None)
        except NotFound:
            if self._registry.generation() != generation:
                return self._load(ref)
            raise
        self._note(ref, pointed.fault)
        if pointed.target is None:
            raise pointed.fault.error if pointed.fault else AssertionError
        target = self._put(ref, pointed.target)
        self._generation = None  # whoever refreshes next looks again
        if self._registry.generation() != generation:
            return self._load(ref)
        self._touch(target)
        return target

    def _put(self, ref: ModelRef, target: Target) -> Target:
        """Let an alias answer with a target from now on. A request sees the old one or the new, never neither."""
        if isinstance(target, Split):
            self._splits[ref] = target
            self._aliases.pop(ref, None)
        else:
            self._aliases[ref] = target
            self._splits.pop(ref, None)
        return target

    def _touch(self, target: Target) -> None:
        for served in versions_of(target):
            served.usage.last = self._tick
        self._make_room()

    def _make_room(self) -> None:
        """Let go of the versions asked least recently, where more are loaded than may be; who holds one finishes."""
        loaded = list(dict.fromkeys([*self._loader.all(), *self._pointed()]))
        excess = len(loaded) - self._most_loaded
        for served in sorted(loaded, key=lambda one: one.usage.last)[: max(0, excess)]:
            for ref in [ref for ref, pointed in list(self._aliases.items()) if pointed is served]:
                self._aliases.pop(ref, None)
            for ref in [ref for ref, split in list(self._splits.items()) if served in split.versions]:
                self._splits.pop(ref, None)
            self._loader.drop(served)

    def _follow(self) -> None:
        """Resolve again every alias in use, then let go of what nothing needs."""
        self._default = None
        for ref in dict.fromkeys([*list(self._aliases), *list(self._splits), *list(self._faults)]):
            self._try(ref)
        for served in self._unpointed():
            try:
                self._registry.resolve(served.ref)
            except NotFound:
                self._loader.drop(served)

    def _try(self, ref: ModelRef) -> None:
        """Let an alias answer with what it points at; where that can't be loaded, keep what it has."""
        old = self._aliases.get(ref) or self._splits.get(ref)
        generation = self._registry.generation()
        try:
            pointed = point(ref, registry=self._registry, loader=self._loader, old=old)
        except NotFound:
            if self._registry.generation() != generation:  # a version was deleted between two looks
                self._generation = None
                return
            self._forget(ref)
            return
        except CarafeError as error:
            answering = None if old is None else main_of(old).number
            self._note_fault(Fault(ref=ref, wanted=None, answering=answering, error=error))
            return
        self._note(ref, pointed.fault)
        if pointed.target is not None:
            self._swap(ref, old, self._put(ref, pointed.target))

    def _forget(self, ref: ModelRef) -> None:
        for known in (self._aliases, self._splits, self._faults):
            known.pop(ref, None)

    def _swap(self, ref: ModelRef, old: Target | None, new: Target) -> None:
        """Tell that another version answers, where one does, and let go of those that nothing needs any more."""
        if old is None or old is new:
            return
        before, after = main_of(old), main_of(new)
        if before is not after:
            self._observers.tell(lambda observer: observer.swapped(str(ref), before, after))
        for served in set(versions_of(old)).intersection(self._unpointed()):
            self._loader.drop(served)

    def _pointed(self) -> set[Served]:
        splits = list(self._splits.values())  # copies in one step: other threads may add to them
        return {*list(self._aliases.values()), *(served for split in splits for served in split.versions)}

    def _unpointed(self) -> list[Served]:
        pointed = self._pointed()
        return [served for served in self._loader.all() if served not in pointed]

    def _drop_unpointed(self, *, most: int) -> None:
        for served in self._unpointed()[:-most]:
            self._loader.drop(served)

    def _note(self, ref: ModelRef, fault: Fault | None) -> None:
        if fault is None:
            self._faults.pop(ref, None)
        else:
            self._note_fault(fault)

    def _note_fault(self, fault: Fault) -> None:
        known = self._faults.get(fault.ref)
        self._faults[fault.ref] = fault
        if known is None or known.wanted != fault.wanted:
            _LOG.error("%s can't answer with version %s: %s", fault.ref, fault.wanted, fault.error)

    def _note_unreadable(self, error: Exception) -> None:
        if self._unreadable is None:
            _LOG.error("the registry can't be read: %s", error)
        self._unreadable = error if isinstance(error, CarafeError) else StorageUnavailable("the registry can't be read")
