"""What differs between one kind of database and another, for those who read and write through a Database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a kind of database wants to be spoken to."""

    told: Callable[[], AbstractContextManager[None]]
    """A block whose failures in the driver become errors of Carafe's own."""
    told_of_changes: Callable[[], AbstractContextManager[None]]
    """The same for a block that changes something: where it may have been made all the same, the error says so."""
    snapshot: Mapping[str, object] = field(default_factory=dict)
    """The execution options of a connection that sees one moment, whatever others write meanwhile."""
    alone: Mapping[str, object] = field(default_factory=dict)
    """Those of a connection for one statement, with no transaction around it where it needs none."""
