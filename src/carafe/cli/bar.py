"""A bar for what takes long and knows how much there is to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress as Bars

from carafe.upkeep import Progress


@contextmanager
def bar(about: str) -> Iterator[Progress]:
    """Yield what moves a bar on standard error, where that is a terminal; it is gone after the block."""
    console = Console(stderr=True)
    with Bars(console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task(about, total=None)
        yield lambda done, everything: bars.update(task, completed=done, total=everything)
