"""The progress bar of a scoring job."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from carafe.jobs.scoring.run import Progress
from carafe.jobs.scoring.terms import Step


@contextmanager
def bar(title: str) -> Iterator[Progress]:
    """Show a bar on standard error, with rows and rows per second, while the block runs."""
    figures = TextColumn("{task.fields[figures]}")
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), figures, TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(title, total=None, figures="")
        began, before = time.perf_counter(), -1

        def tell(step: Step) -> None:
            nonlocal before
            rows = step.counts.scored + step.counts.rejected
            before = rows if before < 0 else before
            rate = (rows - before) / max(time.perf_counter() - began, 1e-9)
            told = f"{rows:,} rows, {rate:,.0f} rows/s"
            if step.counts.rejected:
                told += f", {step.counts.rejected:,} rejected"
            shown.update(task, total=1.0 if step.done else None, completed=step.done, figures=told)

        yield tell
