"""A foreign table is read once by a process of its own before this one reads it.

Polars believes what a Parquet or Arrow file says of itself: one that promises more than any memory, or unfolds into
that, ends the process that reads it, and no exception is raised. A child may end so; a server may not.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

from carafe.errors import CarafeError, UnreadableTable
from carafe.jobs.scoring.formats import Format
from carafe.schema import Signature, Target, Task
from carafe.settings import offer_environment

MEMORY = 2 * 1024**3
"""How many bytes the child may hold, beside the file, which polars maps into its memory."""

SECONDS = 300
"""How much processor time it may take."""

_READ, _REFUSED = 0, 3
"""How the child ends where this process can read the table, or will say what is wrong with it."""


def try_reading(path: Path, format: Format) -> None:  # noqa: A002 - the word
    """Let a child read a table of types, whole, and return once it has.

    A table that is refused with an error returns, too: whoever reads it next meets the same.

    Raises:
        UnreadableTable: when the child was ended by it, or took more than MEMORY or SECONDS.
    """
    done = subprocess.run(  # noqa: S603 - this very module; a name that the server chose, and a format
        [sys.executable, "-P", "-m", __name__, str(path), format],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode not in {_READ, _REFUSED}:
        raise UnreadableTable(
            f"the body can't be read as {format}: it is damaged, or unfolds into more than {MEMORY:,} bytes; write it "
            "again, with smaller row groups or record batches"
        )


def _main(path: str, format: str) -> int:  # noqa: A002 - the word
    _limit(resource.RLIMIT_AS, MEMORY + 2 * Path(path).stat().st_size)
    _limit(resource.RLIMIT_CPU, SECONDS)
    _limit(resource.RLIMIT_CORE, 0)
    offer_environment(POLARS_MAX_THREADS="1")
    # within the limits, and after the number of threads is set
    from carafe.jobs.scoring.sources.choose import source_of  # noqa: PLC0415
    from carafe.jobs.scoring.sources.input import opened  # noqa: PLC0415
    from carafe.jobs.scoring.sources.source import Layout, Wanted  # noqa: PLC0415

    nobody = Signature(columns=(), target=Target(name="", task=Task.REGRESSION))
    try:
        with opened(Path(path)) as file:
            source = source_of(file, Format(format), signature=nobody, layout=Layout())
            for _ in source.batches(Wanted(signature=nobody, kept=tuple(source.names))):
                pass
    except CarafeError:
        return _REFUSED
    return _READ


def _limit(what: int, most: int) -> None:
    _, hard = resource.getrlimit(what)
    least = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (least, least))


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:]))
