"""What is told while something takes long."""

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Told how much is done, and how much there is to do."""


def quiet(_done: int, _all: int) -> None:
    """Tell nobody."""
