"""The request and the answer that every protocol decodes to and encodes from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

import msgspec

from carafe.errors import InvalidName
from carafe.schema.prediction import Prediction
from carafe.schema.rows import Rows
from carafe.schema.signature import Signature

NAME_PATTERN = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
"""What a model or an alias may be called: 1-64 characters, lower case, safe in a path, a URL and a metric label."""

CHAMPION = "champion"
"""The alias that answers when a request names only a model."""


def check_name(name: str, *, what: str = "model") -> str:
    """Return ``name`` if it is a well-formed model or alias name; raise InvalidName otherwise.

    An alias of digits alone is refused: ``houses@3`` is always a version.
    """
    if not NAME_PATTERN.fullmatch(name) or ".." in name:
        raise InvalidName(
            f"{name!r} is no {what} name: use 1 to 64 lower-case letters, digits, '-', '_' or '.', "
            "beginning and ending with a letter or digit"
        )
    if what == "alias" and name.isdigit():
        raise InvalidName(f"{name!r} can't be an alias: a number alone is a version; put a letter into it")
    return name


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRef:
    """Which model is meant: ``houses`` (its champion), ``houses@3`` (a version) or ``houses@staging`` (an alias).

    Either ``version`` or ``alias`` is set; where neither was given, the alias is ``champion``.
    """

    name: str
    version: int | None = None
    alias: str | None = None

    def __post_init__(self) -> None:
        if self.version is not None and self.alias is not None:
            raise InvalidName(f"{self.name}: give a version ({self.version}) or an alias ({self.alias}), not both")
        if self.version is None and self.alias is None:
            object.__setattr__(self, "alias", CHAMPION)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``name``, ``name@number`` or ``name@alias``; raise InvalidName when it is none of these."""
        if not isinstance(text, str):
            raise InvalidName(f"got {text!r}, expected the name of a model as a string, such as 'houses' or 'houses@3'")
        name, at, rest = text.partition("@")
        check_name(name)
        if not at:
            return cls(name=name)
        if rest.isascii() and rest.isdigit():
            if not 1 <= len(rest) <= 9 or rest[0] == "0":
                raise InvalidName(f"{text!r}: a version is a whole number from 1 to 999999999")
            return cls(name=name, version=int(rest))
        return cls(name=name, alias=check_name(rest, what="alias"))

    def __str__(self) -> str:
        return f"{self.name}@{self.version if self.version is not None else self.alias}"


class PredictRequest(msgspec.Struct, frozen=True, kw_only=True, eq=False, gc=False):
    """Rows for one model."""

    model: ModelRef
    rows: Rows
    probabilities: bool = False
    id: str = ""
    """What client and server call the request, in logs and records."""


class PredictResponse(msgspec.Struct, frozen=True, kw_only=True, eq=False, gc=False):
    """What a version of a model answered.

    ``unseen`` counts the category values the model had not met.
    """

    name: str
    version: int
    signature: Signature
    prediction: Prediction
    unseen: int = 0
