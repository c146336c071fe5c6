"""Every setting, declared once: the only reader of the environment.

Command-line flags, environment names and ``docs/reference/settings.md`` come from this list.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self, get_type_hints

import msgspec

from carafe.errors import InvalidSetting, OpenModeRefused


def _setting(default: object, *, help: str) -> Any:  # noqa: A002, ANN401 - mirrors dataclasses.field
    return field(default=default, metadata={"help": help})


def _secret(*, help: str) -> Any:  # noqa: A002, ANN401 - as above
    """Declare a setting that may hold a password: it is never shown."""
    return field(default=None, repr=False, metadata={"help": help})


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheLimits:
    """How much of a model's answers is kept."""

    entries: int = 10_000
    """How many rows' answers, the most recently used ones; a Redis has its own limit, by memory."""
    seconds: int = 300
    """For how long, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this process runs. Every field can be set as ``CARAFE_<FIELD>`` in the environment."""

    home: Path = _setting(Path("~/.carafe"), help="Where models, their database and secrets are kept.")
    host: str = _setting("127.0.0.1", help="The address to listen on.")
    port: int = _setting(8000, help="The port to listen on.")
    workers: int = _setting(1, help="How many worker processes answer requests.")
    threads: int = _setting(
        640, help="The most threads a worker answers with; as many as there are requests under way, and no more."
    )
    pin: bool | None = _setting(
        None,
        help="Keep each worker on processor cores of its own. If not given, that is done where there is a worker for "
        "each core and no quota of processor time.",
    )
    open: bool = _setting(False, help="Ask for no key. Refused on any address but loopback.")  # noqa: FBT003
    fast_lane: bool = _setting(True, help="Answer predictions ahead of Flask; false lets Flask route them.")  # noqa: FBT003
    default_model: str | None = _setting(None, help="The model that POST /predict asks when there are several.")
    max_loaded: int = _setting(100, help="How many versions a worker keeps loaded; the least recently asked make room.")
    max_loaded_bytes: int = _setting(
        4 * 1024**3, help="How much memory a worker's loaded versions take together, estimated, in bytes."
    )
    pinned: str | None = _setting(
        None, help="Models, aliases and versions that every worker keeps loaded: houses,iris@3,churn@staging."
    )
    load_seconds: int = _setting(30, help="How long a request waits for a version to be loaded, in seconds.")
    max_body_bytes: int = _setting(16 * 1024 * 1024, help="The largest request body, in bytes.")
    max_table_bytes: int = _setting(
        1024**3, help="The largest table that one request for bulk scoring may bring, in bytes."
    )
    max_rows: int = _setting(100_000, help="The most rows that one request may hold.")
    batch_rows: int = _setting(128, help="The most rows of waiting requests that one run of a model answers together.")
    queue_limit: int | None = _setting(
        None,
        help="How many requests may wait for one model that is busy; more get 503. If not given, 64; where "
        "requests share runs, as many as batch_rows if that is more.",
    )
    wait_seconds: int = _setting(10, help="How long a request may wait for a busy model, in seconds.")
    drain_seconds: float = _setting(
        5.0, help="For how long the service says that it is not ready, and still answers, after SIGTERM, in seconds."
    )
    cache: str | None = _setting(
        None, help="Models whose answers are kept: names, each with entries and seconds: houses=10000:300,iris."
    )
    redis_url: str | None = _secret(help="A Redis that keeps the answers of cached models for all workers.")
    database_url: str | None = _secret(
        help="A database on PostgreSQL that several machines share, instead of the home's own: "
        "postgresql://user:password@host:5432/database."
    )
    artifacts_url: str | None = _secret(
        help="Where the files of versions are, if not in the home: file:///shared/folder or s3://bucket/prefix."
    )
    artifacts_cache_bytes: int = _setting(
        20 * 1024**3, help="How much of what is fetched from an object store is kept in the home, in bytes."
    )
    secret: str | None = _secret(
        help="What signs models and keys, as 64 hexadecimal digits, instead of the home's secret.key: the same on "
        "every machine that shares a database."
    )
    rate_limit: str | None = _setting(
        None,
        help="How much a key without a limit of its own may ask, such as 100/s or 20000/day; unlimited if unset.",
    )
    access_log: float = _setting(
        0.0,
        help="The share of requests, 0 to 1, that get a line in the log on standard error; if above 0, every request "
        "that failed inside the server gets one, too.",
    )
    sample_rate: float = _setting(
        0.0,
        help="The share of predictions, 0 to 1, whose rows and answers are kept under the home. "
        "Rows may be personal data.",
    )
    sample_max_bytes: int = _setting(64 * 1024 * 1024, help="How much of such rows is kept of one version, in bytes.")
    sample_days: int = _setting(30, help="For how many days such rows are kept.")

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise InvalidSetting(f"port ({variable('port')}): got {self.port}, expected 0 to 65535")
        for name in _COUNTS:
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InvalidSetting(f"{name} ({variable(name)}): got {value}, expected at least 1")
        for name in _SHARES:
            if not 0 <= getattr(self, name) <= 1:
                raise InvalidSetting(f"{name} ({variable(name)}): got {getattr(self, name)}, expected 0 to 1")
        if not 0 <= self.drain_seconds <= 3600:
            raise InvalidSetting(f"drain_seconds (CARAFE_DRAIN_SECONDS): got {self.drain_seconds}, expected 0 to 3600")
        self.cached_models()
        self._check_shared()
        self._check_pinned()
        if self.redis_url is not None and not self.redis_url.startswith(_REDIS_SCHEMES):
            raise InvalidSetting(
                f"redis_url (CARAFE_REDIS_URL): expected a URL that begins {' or '.join(_REDIS_SCHEMES)}"
            )
        try:
            object.__setattr__(self, "home", Path(self.home).expanduser().absolute())
        except RuntimeError:
            raise InvalidSetting(f"home (CARAFE_HOME): nobody's home directory is {self.home}; give a path") from None

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, **overrides: object) -> Self:
        """Read the environment, then let ``overrides`` (flags that were given; None is "not given") win.

        Raises:
            InvalidSetting: when a value has the wrong type or range; names the variable.
        """
        environ = os.environ if environ is None else environ
        given: dict[str, object] = {
            item.name: environ[variable(item.name)] for item in fields(cls) if environ.get(variable(item.name))
        }
        given |= {name: value for name, value in overrides.items() if value is not None}
        return cls(**{name: _convert(name, value) for name, value in given.items()})

    def cached_models(self) -> Mapping[str, CacheLimits]:
        """Return the limits of each model whose answers are kept, by name.

        Raises:
            InvalidSetting: when ``cache`` can't be read.
        """
        parts = [part.strip() for part in (self.cache or "").split(",")]
        return dict(_cached(part) for part in parts if part)

    def _check_shared(self) -> None:
        """Raise InvalidSetting where what machines share is not well formed; values are not shown."""
        for name, pattern, expected in _SHARED:
            value = getattr(self, name)
            if value is not None and not pattern.fullmatch(value):
                raise InvalidSetting(f"{name} ({variable(name)}): expected {expected}")

    def _check_pinned(self) -> None:
        """Raise InvalidSetting where what is pinned can't be read, or could never all be loaded."""
        if len(self.pinned_models()) > self.max_loaded:
            raise InvalidSetting(
                f"pinned (CARAFE_PINNED): got {len(self.pinned_models())} models, expected at most {self.max_loaded}, "
                "as many as stay loaded (max_loaded)"
            )

    def pinned_models(self) -> tuple[str, ...]:
        """Return what is kept loaded, each as ``name``, ``name@alias`` or ``name@number``, once.

        Raises:
            InvalidSetting: when ``pinned`` can't be read.
        """
        parts = dict.fromkeys(part.strip() for part in (self.pinned or "").split(",") if part.strip())
        for part in parts:
            if not _PINNED.fullmatch(part):
                raise InvalidSetting(
                    f"pinned (CARAFE_PINNED): got {part!r}, expected a model's name, with a version or an alias if you "
                    "like, such as houses, houses@3 or houses@staging"
                )
        return tuple(parts)

    def check_open(self) -> None:
        """Raise OpenModeRefused when no key is asked for on an address that is not loopback."""
        if self.open and not is_loopback(self.host):
            raise OpenModeRefused(
                f"--open on {self.host}: anyone who reaches this address could use and change the models; "
                "listen on 127.0.0.1, or leave --open out and hand out keys"
            )


def offer_environment(**variables: str) -> None:
    """Set variables for libraries that this process loads later, unless whoever started it has set them."""
    for name, value in variables.items():
        os.environ.setdefault(name, value)


def variable(name: str) -> str:
    """Return the environment variable of the setting called ``name``."""
    return f"CARAFE_{name.upper()}"


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach ``host``."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


_SHARED = (
    ("database_url", re.compile(r"postgres(ql)?://\S+"), "postgresql://user:password@host:5432/database"),
    (
        "artifacts_url",
        re.compile(r"file:///[^?#]*|s3://[^/?#\s]+(/[^?#\s]*)?(\?[^#\s]*)?"),
        "file:///shared/folder or s3://bucket/prefix",
    ),
    ("secret", re.compile(r"[0-9a-fA-F]{64}"), "64 hexadecimal digits"),
)
_COUNTS = (
    "artifacts_cache_bytes",
    "workers",
    "threads",
    "max_loaded",
    "max_loaded_bytes",
    "load_seconds",
    "max_body_bytes",
    "max_table_bytes",
    "max_rows",
    "batch_rows",
    "queue_limit",
    "wait_seconds",
    "sample_max_bytes",
    "sample_days",
)
_SHARES = ("access_log", "sample_rate")
_REDIS_SCHEMES = ("redis://", "rediss://", "unix://")
_NAME = r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?"
_PINNED = re.compile(rf"(?!.*\.\.){_NAME}(?:@(?:[1-9][0-9]{{0,8}}|(?![0-9]+$){_NAME}))?", re.ASCII)
_CACHED = re.compile(r"([a-z0-9._-]+)(?:=([1-9][0-9]{0,8})(?::([1-9][0-9]{0,8}))?)?", re.ASCII)


def _cached(part: str) -> tuple[str, CacheLimits]:
    """Read ``name``, ``name=entries`` or ``name=entries:seconds``."""
    found = _CACHED.fullmatch(part)
    if found is None:
        raise InvalidSetting(
            f"cache (CARAFE_CACHE): got {part!r}, expected a model's name, and how many answers to keep for how many "
            "seconds if you like, such as houses=10000:300"
        )
    name, *numbers = found.groups()
    limits = {key: int(text) for key, text in zip(("entries", "seconds"), numbers, strict=True) if text}
    return name, CacheLimits(**limits)


_EXPECTED = {
    int: "a whole number",
    int | None: "a whole number",
    float: "a number",
    bool: "true or false",
    bool | None: "true or false",
    Path: "a path",
}


def _convert(name: str, value: object) -> Any:  # noqa: ANN401 - each setting has its own type
    """Return ``value``, text as it stands in the environment or already typed, in the setting's own type."""
    kinds = get_type_hints(Settings)
    if name not in kinds:
        raise InvalidSetting(f"{name}: there is no such setting; there are {', '.join(kinds)}")
    kind = kinds[name]
    if kind is Path and isinstance(value, (str, Path)):
        return Path(value)
    try:
        return msgspec.convert(value, kind, strict=not isinstance(value, str))
    except msgspec.ValidationError:
        expected = _EXPECTED.get(kind, "text")
        raise InvalidSetting(f"{name} ({variable(name)}): got {value!r}, expected {expected}") from None
