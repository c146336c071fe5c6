"""A model's signature: the columns it takes, in order, and the target it answers with."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property

import msgspec

Label = str | int | float | bool
"""A class label, in the type it had in the training table."""


class Kind(StrEnum):
    """What one field of a record may hold."""

    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    CATEGORY = "category"
    TEXT = "text"
    DATETIME = "datetime"


class Task(StrEnum):
    """What a model does."""

    CLASSIFICATION = "classification"
    REGRESSION = "regression"


class Column(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One input column.

    ``categories`` are the values met in training (strings, or integers where the table held integers); another value
    is served as unknown. ``minimum`` and ``maximum`` are the range met in training: they inform, they do not forbid.
    """

    name: str
    kind: Kind
    nullable: bool = False
    categories: tuple[str | int, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    example: Label | None = None

    @property
    def is_numbered(self) -> bool:
        """Whether the categories are whole numbers, so that 3 and 3.0 are a category and 3.5 is none."""
        return self.kind is Kind.CATEGORY and any(isinstance(value, int) for value in self.categories)


class Target(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is predicted. ``classes`` are the labels in the order of the model's probabilities; empty for regression."""

    name: str
    task: Task
    classes: tuple[Label, ...] = ()


class Signature(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """The columns a model takes, in order, and its target.

    Raises:
        ValueError: when two columns have one name (a ``msgspec.ValidationError`` where the signature is decoded).
    """

    columns: tuple[Column, ...]
    target: Target

    def __post_init__(self) -> None:
        if len(self.position) != len(self.names):
            twice = [name for index, name in enumerate(self.names) if self.position[name] != index]
            raise ValueError(f"columns of one name: {', '.join(twice[:5])}")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def position(self) -> dict[str, int]:
        """Where each column stands, by name."""
        return {name: index for index, name in enumerate(self.names)}

    @cached_property
    def known_categories(self) -> tuple[tuple[int, frozenset[str]], ...]:
        """The position of each category column whose categories were written down, and those, as Rows hold them."""
        return tuple(
            (index, frozenset(map(str, column.categories)))
            for index, column in enumerate(self.columns)
            if column.kind is Kind.CATEGORY and column.categories
        )
