"""Whether a server is about to end: its parent process says so once, and every worker sees it at once."""

from __future__ import annotations

from ctypes import c_bool
from multiprocessing.sharedctypes import RawValue


class Drain:
    """A mark in memory that a server's processes share; made before the workers are. Reading it takes no lock."""

    __slots__ = ("_mark",)

    def __init__(self) -> None:
        self._mark = RawValue(c_bool, False)  # noqa: FBT003 - the value, not an option

    @property
    def begun(self) -> bool:
        """Whether clients should go elsewhere: what comes is still answered, and its connection closed."""
        return self._mark.value

    def begin(self) -> None:
        """Let every worker say that it is not ready any more."""
        self._mark.value = True
