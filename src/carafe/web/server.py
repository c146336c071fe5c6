"""The application on Granian: several worker processes, each answering with several threads."""

from __future__ import annotations

import gc
import resource
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import set_start_method

from flask import Flask
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from carafe.errors import AddressUnavailable
from carafe.monitoring import forget_workers
from carafe.settings import Settings
from carafe.web.app import create_app
from carafe.web.cores import Cores
from carafe.web.drain import Drain
from carafe.web.extension import NAME
from carafe.web.service import open_service
from carafe.web.supervisor import Supervisor

GRACE_SECONDS = 20
"""How long a worker may finish what it has begun when it is told to end."""

CONNECTIONS = 2048
"""How many connections a worker has open at once, idle ones included; further ones wait in the system's queue.

That is what Granian's backpressure counts, and by itself it would have fewer the more workers there are.
"""

OTHER_FILES = 512
"""How many files a worker may need beside its connections: artefacts, databases, tables that are scored."""

QUIET_THREADS = 5
"""After how many seconds without work a thread that came for a crowd ends again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where to listen: a numeric address and a port, both found to be free."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """The URL under which a browser on this machine reaches it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - told, not bound
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


def claim(settings: Settings) -> Address:
    """Return the address that ``settings`` ask for; port 0 becomes a free one.

    Raises:
        AddressUnavailable: when nothing can listen there.
    """
    where = f"{settings.host} port {settings.port}"
    try:
        family, kind, protocol, _, target = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            # Granian lets several sockets share a port, and would join another server there without a word.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(target)
            host, port = probe.getsockname()[:2]
    except OSError as error:
        raise AddressUnavailable(
            f"{where}: {error.strerror or error}; choose another with --host and --port, or end what listens there"
        ) from error
    return Address(host=host, port=port)


def run(settings: Settings, address: Address, *, started: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT, then finish what has begun and return. ``started`` is called once it listens."""
    settings = replace(settings, host=address.host, port=address.port)
    set_start_method("fork", force=True)  # workers share what the parent has loaded, and the sockets it listens on
    drain = Drain()
    server = Supervisor(
        "carafe.web:create_app",
        address=address.host,
        port=address.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        workers=settings.workers,
        blocking_threads=settings.threads,
        blocking_threads_idle_timeout=QUIET_THREADS,
        backpressure=most_connections(),
        respawn_failed_workers=True,
        workers_kill_timeout=GRACE_SECONDS,
        websockets=False,
        log_level=LogLevels.warning,
        process_name=None,
        drain=drain,
        drain_seconds=settings.drain_seconds,
    )
    server.on_startup(started)
    _settle()
    cores = Cores(workers=settings.workers, pin=settings.pin)
    try:
        server.serve(target_loader=partial(_worker, settings, cores, drain), wrap_loader=False)
    finally:
        forget_workers(settings.home)


def most_connections() -> int:
    """Let this process and its children open as many files as the system permits; return how many connections fit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        hard = max(soft, CONNECTIONS + OTHER_FILES)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return min(CONNECTIONS, max(hard // 2, hard - OTHER_FILES))


def _worker(settings: Settings, cores: Cores, drain: Drain) -> Flask:
    """Return a worker process's application, its models on the way."""
    cores.take()
    app = create_app(settings, service=open_service(settings, drain=drain))
    app.extensions[NAME].start(warmed=_settle)
    return app


def _settle() -> None:
    """Take what is loaded by now for what stays: the collector never looks at it again, nor holds up a request for it.

    What the parent has loaded is shared with the workers, as long as nobody writes to it; the collector would.
    """
    gc.collect()
    gc.freeze()
