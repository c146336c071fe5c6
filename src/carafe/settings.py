"""Every setting, declared once: the only reader of the environment.

Command-line flags, environment names and ``docs/reference/settings.md`` come from this list.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self, get_type_hints

import msgspec

from carafe.errors import InvalidSetting, OpenModeRefused


def _setting(default: object, *, help: str) -> Any:  # noqa: A002, ANN401 - mirrors dataclasses.field
    return field(default=default, metadata={"help": help})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this process runs. Every field can be set as ``CARAFE_<FIELD>`` in the environment."""

    home: Path = _setting(Path("~/.carafe"), help="Where models, their database and secrets are kept.")
    host: str = _setting("127.0.0.1", help="The address to listen on.")
    port: int = _setting(8000, help="The port to listen on.")
    workers: int = _setting(1, help="How many worker processes answer requests.")
    threads: int = _setting(4, help="How many threads each worker answers with.")
    open: bool = _setting(False, help="Ask for no key. Refused on any address but loopback.")  # noqa: FBT003
    default_model: str | None = _setting(None, help="The model that POST /predict asks when there are several.")
    max_body_bytes: int = _setting(16 * 1024 * 1024, help="The largest request body, in bytes.")
    max_rows: int = _setting(100_000, help="The most rows that one request may hold.")

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise InvalidSetting(f"port: got {self.port}, expected 0 to 65535")
        for name in ("workers", "threads", "max_body_bytes", "max_rows"):
            if getattr(self, name) < 1:
                raise InvalidSetting(f"{name}: got {getattr(self, name)}, expected at least 1")
        object.__setattr__(self, "home", Path(self.home).expanduser().absolute())

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, **overrides: object) -> Self:
        """Read the environment, then let ``overrides`` (flags that were given; None is "not given") win.

        Raises:
            InvalidSetting: when a value has the wrong type or range; names the variable.
        """
        environ = os.environ if environ is None else environ
        values = {
            item.name: _parse(item.name, environ[variable(item.name)])
            for item in fields(cls)
            if environ.get(variable(item.name))
        }
        return cls(**values | {name: value for name, value in overrides.items() if value is not None})

    def check_open(self) -> None:
        """Raise OpenModeRefused when no key is asked for on an address that is not loopback."""
        if self.open and not is_loopback(self.host):
            raise OpenModeRefused(
                f"--open on {self.host}: anyone who reaches this address could use and change the models; "
                "listen on 127.0.0.1, or leave --open out and hand out keys"
            )


def variable(name: str) -> str:
    """Return the environment variable of the setting called ``name``."""
    return f"CARAFE_{name.upper()}"


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach ``host``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _parse(name: str, text: str) -> Any:  # noqa: ANN401 - each setting has its own type
    kind = get_type_hints(Settings)[name]
    if kind is Path:
        return Path(text)
    try:
        return msgspec.convert(text, kind, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidSetting(f"{variable(name)}: got {text!r} ({error})") from None
