"""The files that a job writes: a part that grows, rejected rows beside it, and how far it has come."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from carafe.database import flush_folder
from carafe.errors import OutputUnavailable
from carafe.jobs.scoring.batch import Position
from carafe.jobs.scoring.checkpoint import Checkpoint, Counts, Job, read_checkpoint, write_checkpoint
from carafe.jobs.scoring.sinks.sink import Sink

CHECKPOINT_SECONDS = 2.0
"""How much work a kill costs at most, beside the batch that was under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Where a job writes."""

    output: Path
    rejected: Path

    @classmethod
    def of(cls, output: Path, rejected: Path | None = None) -> Self:
        """Return the files of an output; rejected rows go beside it unless told otherwise."""
        return cls(output=output, rejected=rejected or output.with_name(f"{output.stem}.rejected.csv"))

    @property
    def part(self) -> Path:
        """The output while it grows."""
        return self.output.with_name(f"{self.output.name}.part")

    @property
    def rejected_part(self) -> Path:
        """The rejected rows while they grow."""
        return self.rejected.with_name(f"{self.rejected.name}.part")

    @property
    def checkpoint(self) -> Path:
        """How far the job has come."""
        return self.output.with_name(f"{self.output.name}.checkpoint")

    def check_new(self) -> None:
        """Raise OutputUnavailable where a finished file would be replaced."""
        for file in (self.output, self.rejected):
            if file.exists():
                raise OutputUnavailable(f"{file} exists: give another name with -o, or replace it with --force")


class FileTarget:
    """The files of one job, open for appending. A batch is written whole, or not at all as far as a later run sees."""

    def __init__(self, files: Files, job: Job | None, *, force: bool) -> None:
        """Open the files.

        Args:
            files: where to write.
            job: what is done; None where it can't be taken up again.
            force: whether finished files may be replaced.

        Raises:
            OutputUnavailable: when a finished file exists, another process writes it, or it can't be written.
        """
        self._files, self._job, self._force = files, job, force
        self.note = ""
        """Why an earlier run's part is not gone on with."""
        with _told(files.output):
            self._part = _locked(files.part)  # before a look at anything: another process may be about to finish
        try:
            self._take_up()
        except BaseException:
            if not (self._part.tell() or files.checkpoint.exists()):
                files.part.unlink()
            self._part.close()
            raise

    def _take_up(self) -> None:
        """Go on where an earlier run of the same job came to, or begin."""
        files = self._files
        self.earlier = self._find_earlier()
        """Where an earlier run of the same job came to; None where there was none."""
        self._complete = self.earlier is not None and self.earlier.complete
        if not self._force and not self._complete:
            files.check_new()
        self._position = self.earlier.position if self.earlier else Position()
        self._counts = self.earlier.counts if self.earlier else Counts()
        self._begun = self.earlier is not None
        self._saved = time.monotonic()
        with _told(files.output):
            self._rejected = files.rejected_part.open("ab", buffering=0)
            self._written = self.earlier.written if self.earlier else 0
            self._reported = self.earlier.reported if self.earlier else 0
            if not self._complete:
                self._part.truncate(self._written)
                self._rejected.truncate(self._reported)

    def append(self, output: bytes, rejected: bytes, *, position: Position, counts: Counts) -> None:
        """Write a finished batch; remember now and then how far the job has come.

        Raises:
            OutputUnavailable: when the disk is full, or can't be written for another reason.
        """
        with _told(self._files.output):
            _write(self._part, output)
            _write(self._rejected, rejected)
        self._written += len(output)
        self._reported += len(rejected)
        self._position, self._counts, self._begun = position, counts, True
        if time.monotonic() - self._saved >= CHECKPOINT_SECONDS:
            self.save()

    def save(self) -> None:
        """Remember how far the job has come; a job that can't be taken up again, or has not begun, leaves nothing."""
        self._saved = time.monotonic()
        if self._job is None or not self._begun:
            return
        with _told(self._files.output):
            if not self._complete:
                os.fsync(self._part.fileno())
                os.fsync(self._rejected.fileno())
            write_checkpoint(self._files.checkpoint, self._checkpoint(self._job))

    def finish(self, sink: Sink, tail: bytes) -> None:
        """Write the end and give the files their names; killed in the middle, the next run does the rest.

        Raises:
            OutputUnavailable: when a finished file has come to be meanwhile, or the disk can't be written.
        """
        files = self._files
        if not self._complete:
            self.append(tail, b"", position=self._position, counts=self._counts)
            self._complete = True
            self.save()
        with _told(files.output):
            if not self._force and self.earlier is None:
                files.check_new()
            if _size(files.part) == self._written:
                sink.finish(files.part, files.output)
            if not self._reported:
                files.rejected.unlink(missing_ok=True)
            elif _size(files.rejected_part) == self._reported:
                files.rejected_part.replace(files.rejected)
            flush_folder(files.output.parent)  # the names are given for good before the way back goes
            for file in (files.part, files.rejected_part, files.checkpoint):
                file.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the files; where nothing can be gone on with, nothing is left."""
        if (self._job is None or not self._begun) and not self._files.checkpoint.exists():
            for file in (self._files.part, self._files.rejected_part):
                file.unlink(missing_ok=True)
        self._part.close()
        self._rejected.close()

    def _find_earlier(self) -> Checkpoint | None:
        found = read_checkpoint(self._files.checkpoint)
        if found is None:
            return None
        if self._job is None:
            self.note = "an input that is no file is read from its beginning"
        else:
            self.note = self._job.difference(found.job) or self._damage(found)
        return None if self.note else found

    def _damage(self, found: Checkpoint) -> str:
        for file, size in ((self._files.part, found.written), (self._files.rejected_part, found.reported)):
            if not found.complete and size and (not file.exists() or file.stat().st_size < size):
                return f"{file.name} is gone or was cut"
        return ""

    def _checkpoint(self, job: Job) -> Checkpoint:
        return Checkpoint(
            job=job,
            position=self._position,
            counts=self._counts,
            written=self._written,
            reported=self._reported,
            complete=self._complete,
        )


def _locked(file: Path) -> BinaryIO:
    part = file.open("ab", buffering=0)
    try:
        fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
        own = os.fstat(part.fileno()).st_ino == file.stat().st_ino  # else it has become the finished output meanwhile
    except (BlockingIOError, FileNotFoundError):
        own = False
    if not own:
        part.close()
        raise OutputUnavailable(f"{file} is being written by another process: wait for it, or name another")
    return part


def _write(file: BinaryIO, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[file.write(view) :]


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else -1


@contextmanager
def _told(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        begun = os.path.exists(f"{file}.checkpoint")  # noqa: PTH110 - false as well where the folder can't be read
        raise OutputUnavailable(
            f"{error.filename or file} can't be written ({error.strerror}): check the folder, its permissions and the "
            f"disk's space{'; the same command goes on from the last finished batch' if begun else ''}"
        ) from error
