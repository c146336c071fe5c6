"""What every error of Carafe is."""

from __future__ import annotations

from typing import ClassVar

_PUBLIC = "carafe.errors"
"""Where callers import errors from; tracebacks name them so, whichever file holds them."""


class CarafeError(Exception):
    """Base of every error that Carafe raises on purpose."""

    __module__ = _PUBLIC

    slug: ClassVar[str] = "error"
    title: ClassVar[str] = "Carafe could not do this"

    retry_seconds: float | None = None
    """After how many seconds another try is sensible; None where trying again changes nothing by itself."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if cls.__module__.startswith(f"{_PUBLIC}."):
            cls.__module__ = _PUBLIC
