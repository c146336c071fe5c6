"""Standard output as a job's target: what was written can't be taken back, so nothing can be gone on with."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from carafe.errors import InvalidParameter
from carafe.jobs.scoring.batch import Position
from carafe.jobs.scoring.checkpoint import Counts
from carafe.jobs.scoring.sinks.sink import Sink


class StreamTarget:
    """Writes to a stream, and rejected rows to a file where one was named."""

    earlier = None
    note = ""

    def __init__(self, stream: BinaryIO, rejected: Path | None) -> None:
        self._stream = stream
        self._rejected = rejected
        self._reported = False

    def append(self, output: bytes, rejected: bytes, *, position: Position, counts: Counts) -> None:
        """Write a finished batch.

        Raises:
            InvalidParameter: for a rejected row, where no file was named for it.
        """
        del position
        if rejected and self._rejected is None:
            raise InvalidParameter(
                f"{counts.rejected:,} rows don't fit the model, and standard output has no place for them: name a file "
                "with --rejected"
            )
        if rejected and self._rejected is not None:
            with self._rejected.open("ab" if self._reported else "wb") as file:
                file.write(rejected)
            self._reported = True
        self._stream.write(output)

    def save(self) -> None:
        """Remember nothing."""

    def finish(self, sink: Sink, tail: bytes) -> None:
        """Write the end."""
        del sink
        self._stream.write(tail)
        self._stream.flush()

    def close(self) -> None:
        """Leave the stream open; it is not ours."""
