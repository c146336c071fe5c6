"""Carafe: from a table of data, or a model already trained, to a production prediction service on Flask.

The public Python API::

    import carafe

    carafe.train(frame, target="price").publish("houses")   # a table becomes a model, and a version of it
    carafe.publish(estimator, "churn", sample=frame)        # so does an estimator that is already fitted
    carafe.promote("houses@2", reason="new districts")      # another version answers; carafe.rollback leads back
    carafe.load("houses@champion").predict(rows)            # and a version answers, here or in ``carafe serve``

The rooms of the house; a room imports only rooms below it:

* ``cli``: the commands, each a thin call.
* ``web``: Flask: app factory, extension, routes, OpenAPI. Beside it ``api``: train, publish and load in Python.
* ``training``: from a table and a recipe to an evaluated pipeline. Beside it ``serving``: from a request to an answer.
* ``registry``: versions, aliases and their files. Beside it ``protocols``: bytes to requests, answers to bytes.
* ``models``: the artefact: manifest, flavours, seal, verify, load; and our own scikit-learn steps.
* ``tables``: read, write and profile tables. Beside it ``access``: who may do what, and how it was proved.
* ``database``: the connection, its tables and migrations.
* ``schema``: what training and serving share: signature, rows, requests. ``settings``, ``errors``: what all share.
* ``testing``: the contract suites, for your own implementations of the interfaces.

Importing this package imports none of them: a name is looked up when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from carafe._version import __version__
from carafe.errors import MissingExtra

if TYPE_CHECKING:
    from carafe.api.load import LoadedModel, load
    from carafe.api.promote import promote, rollback
    from carafe.api.publish import publish
    from carafe.api.train import TrainedModel, train
    from carafe.models.features import Features
    from carafe.registry import Promotion, Version

__all__ = [
    "Features",
    "LoadedModel",
    "Promotion",
    "TrainedModel",
    "Version",
    "__version__",
    "load",
    "promote",
    "publish",
    "rollback",
    "train",
]

_HOMES = {
    "Features": "carafe.models.features",
    "LoadedModel": "carafe.api.load",
    "Promotion": "carafe.registry",
    "TrainedModel": "carafe.api.train",
    "Version": "carafe.registry",
    "load": "carafe.api.load",
    "promote": "carafe.api.promote",
    "publish": "carafe.api.publish",
    "rollback": "carafe.api.promote",
    "train": "carafe.api.train",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - each name has its own type, see TYPE_CHECKING above
    if name not in _HOMES:
        raise AttributeError(f"module 'carafe' has no attribute {name!r}")
    try:
        return getattr(import_module(_HOMES[name]), name)
    except ModuleNotFoundError as error:
        raise MissingExtra.of(f"carafe.{name}", error) from error


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
