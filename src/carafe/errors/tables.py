"""Errors of tables, recipes and training."""

from __future__ import annotations

from carafe.errors.base import CarafeError


class UnreadableTable(CarafeError):
    """Raised when a table can't be read: no such file, unknown format, broken encoding, failing query."""

    slug = "unreadable-table"
    title = "The table can't be read"


class RaggedTable(UnreadableTable):
    """Raised when lines of a delimited file have another number of fields than its header; names the lines."""

    slug = "ragged-table"
    title = "Some lines have another number of fields than the header"


class OutputUnavailable(CarafeError):
    """Raised when a file that was asked for can't be written: it exists, is being written, or the disk is full."""

    slug = "output-unavailable"
    title = "The output can't be written"


class UnknownColumn(CarafeError):
    """Raised when a column is named that the table does not have; suggests the nearest names."""

    slug = "unknown-column"
    title = "The table has no such column"


class InvalidRecipe(CarafeError):
    """Raised when a recipe can't be obeyed: unknown key, wrong type, or steps that contradict each other."""

    slug = "invalid-recipe"
    title = "The recipe can't be obeyed"


class UntrainableTable(CarafeError):
    """Raised when no model can be learnt from the table: too few rows, a constant target, no usable column."""

    slug = "untrainable-table"
    title = "No model can be learnt from this table"


class TrainingFailed(CarafeError):
    """Raised when an algorithm fails on data that passed every check."""

    slug = "training-failed"
    title = "Training failed"
