"""From rows back to the kind of table an estimator was fitted on; one shape a module, imported when it is needed."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

from carafe.models.container import Container, Shape
from carafe.schema import Rows, Signature

BUILDERS: Mapping[Shape, str] = {
    Shape.POLARS: "carafe.models.containers.polars_frame",
    Shape.PANDAS: "carafe.models.containers.pandas_frame",
    Shape.ARRAY: "carafe.models.containers.array",
    Shape.TEXTS: "carafe.models.containers.array",
    Shape.RECORDS: "carafe.models.containers.array",
}
"""Each shape and the module that builds it with a function ``build(container, signature, rows)``."""


def build_table(container: Container, signature: Signature, rows: Rows) -> Any:  # noqa: ANN401 - whatever was fitted on
    """Return rows as the table that ``container`` describes: a frame, an array, a list of texts or of dictionaries."""
    return shape_module(container.shape).build(container, signature, rows)


def shape_module(shape: Shape) -> ModuleType:
    """Import and return the module that observes and builds tables of this shape."""
    return import_module(BUILDERS[shape])
