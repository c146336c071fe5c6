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
from carafe.serving.readiness import Fault, Readiness, State
from carafe.serving.served import Served

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
        self._faults: dict[ModelRef, Fault] = {}
        self._generation: int | None = None
        self._refreshing = Lock()
        self._warmed = False
        self._unreadable: CarafeError | None = None

    def get(self, ref: ModelRef | None = None) -> Served:
        """Return the version that answers for ``ref``, loading it where nobody asked for it before.

        Raises:
            NotFound: when there is no such model, version or alias, or no default model where ``ref`` is None.
            CorruptArtefact, NewerArtefact, MissingExtra, StorageUnavailable: when it can't be loaded.
        """
        ref = ref or self._default or self._find_default()
        served = self._aliases.get(ref) if ref.version is None else self._loader.find(ref.name, ref.version)
        served = served or self._load(ref)
        served.usage.last = self._tick
        return served

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
                if any(alias.name == CHAMPION for alias in model.aliases) and ref not in self._aliases:
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
        elif (faults or self._unreadable) and not self._aliases:
            state = State.FAILING
        elif faults or self._unreadable:
            state = State.DEGRADED
        return Readiness(state=state, loaded=len(self._loader.all()), faults=faults, registry=self._unreadable)

    def _find_default(self) -> ModelRef:
        self._default = self._registry.default(self._default_model)
        self._generation = None  # it may have changed while it was looked up; the next refresh looks again
        return self._default

    def _load(self, ref: ModelRef) -> Served:
        """Load what ``ref`` names and remember it under that name; again where the registry changed meanwhile."""
        generation = self._registry.generation()
        version = self._registry.resolve(ref)
        try:
            served = self._loader.load(version)
        except CarafeError as error:
            if ref.version is None:
                self._note_fault(Fault(ref=ref, wanted=version.number, answering=None, error=error))
            raise
        if ref.version is None:
            self._aliases[ref] = served
            self._faults.pop(ref, None)
            self._generation = None  # whoever refreshes next looks again
            if self._registry.generation() != generation:
                return self._load(ref)
        else:
            self._drop_unpointed(most=MOST_UNPOINTED)
        served.usage.last = self._tick
        self._make_room()
        return served

    def _make_room(self) -> None:
        """Let go of the versions asked least recently, where more are loaded than may be; who holds one finishes."""
        loaded = list(dict.fromkeys([*self._loader.all(), *list(self._aliases.values())]))
        excess = len(loaded) - self._most_loaded
        for served in sorted(loaded, key=lambda one: one.usage.last)[: max(0, excess)]:
            for ref in [ref for ref, pointed in list(self._aliases.items()) if pointed is served]:
                self._aliases.pop(ref, None)
            self._loader.drop(served)

    def _follow(self) -> None:
        """Resolve again every alias in use, then let go of what nothing needs."""
        self._default = None
        for ref in dict.fromkeys([*list(self._aliases), *list(self._faults)]):
            self._try(ref)
        for served in self._unpointed():
            try:
                self._registry.resolve(served.ref)
            except NotFound:
                self._loader.drop(served)

    def _try(self, ref: ModelRef) -> None:
        """Let an alias answer with the version it points at; where that can't be loaded, keep the one it has."""
        old = self._aliases.get(ref)
        wanted: int | None = None
        try:
            version = self._registry.resolve(ref)
            wanted = version.number
            new = self._loader.load(version)
        except NotFound:
            self._aliases.pop(ref, None)
            self._faults.pop(ref, None)
            return
        except CarafeError as error:
            self._note_fault(Fault(ref=ref, wanted=wanted, answering=old.number if old else None, error=error))
            return
        self._faults.pop(ref, None)
        self._aliases[ref] = new
        if old is not None and old is not new:
            self._observers.tell(lambda observer: observer.swapped(str(ref), old, new))
            if old in self._unpointed():
                self._loader.drop(old)

    def _unpointed(self) -> list[Served]:
        pointed = list(self._aliases.values())  # a copy in one step: other threads may add to it
        return [served for served in self._loader.all() if served not in pointed]

    def _drop_unpointed(self, *, most: int) -> None:
        for served in self._unpointed()[:-most]:
            self._loader.drop(served)

    def _note_fault(self, fault: Fault) -> None:
        known = self._faults.get(fault.ref)
        self._faults[fault.ref] = fault
        if known is None or known.wanted != fault.wanted:
            _LOG.error("%s can't answer with version %s: %s", fault.ref, fault.wanted, fault.error)

    def _note_unreadable(self, error: Exception) -> None:
        if self._unreadable is None:
            _LOG.error("the registry can't be read: %s", error)
        self._unreadable = error if isinstance(error, CarafeError) else StorageUnavailable("the registry can't be read")
