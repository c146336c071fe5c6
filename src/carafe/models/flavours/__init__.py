"""How a kind of model is kept in files, one flavour a module; a module is imported when a version needs it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Protocol, cast

from carafe.errors import CorruptArtefact, MissingExtra
from carafe.models.manifest import Manifest
from carafe.models.model import Model

FLAVOURS: Mapping[str, str] = {"sklearn": "carafe.models.flavours.sklearn"}
"""Each flavour and the module that implements it."""

FILES: Mapping[str, frozenset[str]] = {"sklearn": frozenset({"model.skops"})}
"""The files that each flavour keeps a model in."""


class Flavour(Protocol):
    """A way to keep a model in files. A flavour is a module with these three functions."""

    @staticmethod
    def dump(estimator: object) -> dict[str, bytes]:
        """Return the files, by name, that hold the estimator.

        Raises:
            UnsupportedModel: when it holds a type outside the fixed allow-list; the message names the type.
        """
        ...

    @staticmethod
    def wrap(estimator: object, manifest: Manifest) -> Model:
        """Return the model that serves the estimator, without storing it."""
        ...

    @staticmethod
    def load(files: Mapping[str, bytes], manifest: Manifest) -> Model:
        """Return the model in ``files``, whose digests were checked.

        Raises:
            CorruptArtefact: when a file is missing, can't be parsed, or holds a type outside the allow-list.
        """
        ...


def flavour(name: str) -> Flavour:
    """Import and return a flavour.

    Raises:
        CorruptArtefact: when there is none of that name.
        MissingExtra: when what it needs is not installed.
    """
    check_flavour(name)
    try:
        return cast("Flavour", import_module(FLAVOURS[name]))
    except ModuleNotFoundError as error:
        raise MissingExtra.of("this model", error) from error


def check_flavour(name: str) -> None:
    """Check that there is a flavour of that name, without importing it.

    Raises:
        CorruptArtefact: when there is none.
    """
    if name not in FLAVOURS:
        raise CorruptArtefact(f"flavour: got {name!r}, expected one of {', '.join(FLAVOURS)}")
