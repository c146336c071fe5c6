"""What a running service is made of, put together in one place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from threading import Semaphore

from carafe.access import Authenticator, Keys, default_rate, open_keys, open_limiter
from carafe.models import Artefact, Model
from carafe.models.artefact import load_model
from carafe.monitoring import Monitoring, build_monitoring
from carafe.registry import Registry, open_registry
from carafe.schema import ModelRef
from carafe.serving import Catalog, Observer, Predictor, Watch
from carafe.serving.arrangement import Arrangement, turns
from carafe.serving.observers import Observers
from carafe.serving.shelf import Limits
from carafe.serving.turnstile import Turnstile
from carafe.settings import Settings
from carafe.web.drain import Drain
from carafe.web.gate import Gate

PATIENCE = 2.0
"""For how many seconds a request that changes the registry waits while another process does: it holds a thread."""

LONG_BODIES = 16
"""How many requests with a long body one worker takes in and answers at once; of tables it takes fewer."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Service:
    """The parts that every view may use."""

    settings: Settings
    registry: Registry
    """What an alias is to have is loaded in this process's catalog, before the alias has it."""
    keys: Keys
    catalog: Catalog
    predictor: Predictor
    gate: Gate
    watch: Watch
    observers: Observers
    monitoring: Monitoring
    drain: Drain
    """Whether the server is about to end; never begun where another server than Carafe's own runs the application."""
    bodies: Turnstile
    """For requests whose body is long, or who does not say how long: together they may take much memory."""
    tables: Semaphore
    """Places for tables that are scored at once: a part of the threads, as each keeps one for as long as it lasts."""

    def start(self, *, warmed: Callable[[], None] | None = None) -> None:
        """Begin what goes on beside the requests of this process: loading models, following what changes, telling.

        ``warmed`` is called once the champions are loaded.
        """
        self.watch.ensure(warmed=warmed)
        self.monitoring.ensure()

    def close(self) -> None:
        """Stop watching the registry, write what waits to be written, and let go of the home."""
        self.watch.stop()
        self.predictor.close()
        self.monitoring.stop()
        self.registry.close()
        self.keys.close()
        self.gate.close()


def open_service(settings: Settings, *, observers: Sequence[Observer] = (), drain: Drain | None = None) -> Service:
    """Return the service of the home that ``settings`` name; ``drain`` is what its server's parent has begun or not.

    Raises:
        OpenModeRefused: when no key is to be asked for on an address that others can reach.
        NewerHome, DamagedHome, StorageUnavailable: when the home can't be opened.
    """
    settings.check_open()
    registry = open_registry(settings, patience=PATIENCE, to_be_forked=True)  # as by gunicorn --preload
    keys = open_keys(settings, patience=PATIENCE)
    return build_service(settings, registry=registry, keys=keys, observers=observers, drain=drain)


def build_service(
    settings: Settings,
    *,
    registry: Registry,
    keys: Keys,
    load: Callable[[Artefact], Model] | None = None,
    observers: Sequence[Observer] = (),
    drain: Drain | None = None,
) -> Service:
    """Return a service over a registry and keys that are open already, those that live in memory included.

    ``load`` makes a model of a version's verified files; if not given, those of this registry are loaded as sealed.
    """
    monitoring = build_monitoring(settings, rollouts=registry.rollouts)
    observers = (*monitoring.observers, *observers)
    told = Observers(observers)
    catalog = Catalog(
        registry=registry,
        load=load or load_model,
        arrange=Arrangement.of(settings, registry=registry, observers=told),
        default_model=settings.default_model,
        limits=Limits.of(settings),
        pinned=map(ModelRef.parse, settings.pinned_models()),
        observers=observers,
    )
    return Service(
        settings=settings,
        registry=replace(registry, trial=catalog.try_out),
        keys=keys,
        catalog=catalog,
        predictor=Predictor(catalog=catalog, observers=observers),
        gate=Gate(
            authenticator=Authenticator(keys, rate=default_rate(settings)),
            limiter=open_limiter(settings),
            open_mode=settings.open,
        ),
        watch=Watch(catalog),
        observers=told,
        monitoring=monitoring,
        drain=drain or Drain(),
        bodies=Turnstile(most=LONG_BODIES, waiting=turns(settings), seconds=settings.wait_seconds),
        tables=Semaphore(most_tables(settings)),
    )


def most_tables(settings: Settings) -> int:
    """Return how many tables one worker scores at once: four, or a quarter of its threads where it has few."""
    return min(4, max(1, settings.threads // 4))
