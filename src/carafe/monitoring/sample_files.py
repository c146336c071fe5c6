"""Where sampled rows are kept: JSON lines under the home, a folder a version, bounded in size and age."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

SEGMENTS = 8
"""Into about how many files a version's samples are cut; the oldest goes first."""

EXPIRE_SECONDS = 60.0
"""How often files are looked through for such as are too old."""

_DAY = 86400.0
_SUFFIX = ".jsonl"


@dataclass(slots=True)
class _Segment:
    path: Path
    size: int
    began: float


class SampleFiles:
    """The files of all versions of a home, of which this process writes one at a time for each version.

    Args:
        folder: where they are kept; made when first needed.
        max_bytes: how much is kept of one version, by all processes together.
        max_days: for how long it is kept.
        clock: the time in seconds since 1970.
    """

    def __init__(self, folder: Path, *, max_bytes: int, max_days: int, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._max_days = max_days
        self._clock = clock
        self._segments: dict[tuple[str, int, int], _Segment] = {}
        self._expired = 0.0

    def append(self, name: str, number: int, lines: bytes) -> None:
        """Add whole lines to a version's samples; the oldest are removed where there are too many.

        Raises:
            OSError: when they can't be written.
        """
        key = (name, number, os.getpid())
        segment = self._segments.get(key)
        if segment is None or self._is_full(segment) or not segment.path.exists():
            segment = self._begin(name, number)
            self._segments[key] = segment
        try:
            _write(segment.path, lines)
        except OSError:
            del self._segments[key]  # its last line may be cut short; nothing is to be written behind that
            raise
        segment.size += len(lines)
        self._shorten(segment.path.parent)

    def expire(self) -> None:
        """Remove what is too old, of versions that nobody asks any more, too; looks now and then only."""
        now = self._clock()
        if now < self._expired + EXPIRE_SECONDS:
            return
        self._expired = now
        for path in self._folder.glob(f"*/*/*{_SUFFIX}"):
            with suppress(FileNotFoundError):  # another worker was faster
                if path.stat().st_mtime < now - self._max_days * _DAY:
                    path.unlink()

    def lines(self, name: str, number: int) -> Iterator[bytes]:
        """Yield the lines of a version's samples, the oldest file first."""
        for path in sorted((self._folder / name / str(number)).glob(f"*{_SUFFIX}")):
            with suppress(FileNotFoundError), path.open("rb") as file:
                yield from file

    def _is_full(self, segment: _Segment) -> bool:
        # By the day as well, because a file goes as a whole when its last line is too old.
        return segment.size >= self._max_bytes // SEGMENTS or self._clock() >= segment.began + _DAY

    def _begin(self, name: str, number: int) -> _Segment:
        folder = self._folder / name / str(number)
        for each in (self._folder, folder.parent, folder):  # not the home, which may have been moved away
            each.mkdir(mode=0o700, exist_ok=True)
        now = self._clock()
        moment = f"{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%S.%f}"
        return _Segment(folder / f"{moment}-{os.getpid()}{_SUFFIX}", 0, now)

    def _shorten(self, folder: Path) -> None:
        found = sorted(folder.glob(f"*{_SUFFIX}"))
        sizes = {path: _size(path) for path in found}
        total = sum(sizes.values())
        for path in found:
            if total <= self._max_bytes:
                return
            path.unlink(missing_ok=True)
            total -= sizes[path]


def _write(path: Path, lines: bytes) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        rest = memoryview(lines)
        while rest:
            rest = rest[os.write(file, rest) :]
    finally:
        os.close(file)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
