"""Which version a path names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from carafe.schema import ModelRef
from carafe.schema.exchange import CHAMPION
from carafe.web.query import number

REMEMBERED = 4096
"""How many references are kept made: every request asks for one."""


def ref_of(parameters: Mapping[str, str]) -> ModelRef:
    """Return the reference in a path's variable segments: a name with a number or an alias; alone, its champion.

    Raises:
        InvalidParameter: when the number is none.
    """
    return _made(parameters["name"], parameters.get("number"), parameters.get("alias", CHAMPION))


@lru_cache(maxsize=REMEMBERED)
def _made(name: str, version: str | None, alias: str) -> ModelRef:
    if version is not None:
        return ModelRef(name=name, version=number(version, "version"))
    return ModelRef(name=name, alias=alias)
