"""How far a job has come, written beside its output so that the same command can go on from there."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import msgspec

from carafe.jobs.scoring.batch import Position

_HEAD = 64 * 1024


class Job(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What must be the same for a job to go on: another input, version or option makes another output."""

    input: str
    size: int
    modified: int
    """When the input was changed last, in nanoseconds since 1970."""
    digest: str
    """SHA-256 of the first and the last 64 KiB of the input."""
    version: str
    """Name and number."""
    artefact: str
    """The digest of the version's manifest."""
    options: str

    def difference(self, other: Job) -> str:
        """Return what differs from an earlier job, in words; empty where nothing does."""
        if (self.input, self.size, self.modified, self.digest) != (
            other.input,
            other.size,
            other.modified,
            other.digest,
        ):
            return "the input is another one or was changed"
        if (self.version, self.artefact) != (other.version, other.artefact):
            return f"{other.version} answered then, {self.version} answers now"
        return "" if self.options == other.options else "the options were others"


class Counts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What came of the rows so far."""

    scored: int = 0
    rejected: int = 0
    unseen: int = 0
    """Category values that training did not meet."""


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the last finished batch ended, in the input and in what is written."""

    format: int = 1
    job: Job
    position: Position
    counts: Counts
    written: int
    """Bytes of the output that belong to finished batches."""
    reported: int
    """The same of the file of rejected rows."""
    complete: bool = False
    """Whether all is written, and only names are to be given."""


def input_digest(path: Path) -> str:
    """Return a digest of a file's beginning and end, which tells most changes without reading it all."""
    with path.open("rb") as file:
        digest = hashlib.sha256(file.read(_HEAD))
        file.seek(max(os.fstat(file.fileno()).st_size - _HEAD, 0))
        digest.update(file.read(_HEAD))
    return digest.hexdigest()


def read_checkpoint(path: Path) -> Checkpoint | None:
    """Return the checkpoint in a file; None where there is none, or it is not, or no longer, what Carafe wrote."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Checkpoint)
    except (OSError, msgspec.MsgspecError):
        return None


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Replace the checkpoint in a file: whoever reads it finds the old one or the new one, whole."""
    draft = path.with_name(f"{path.name}.new")
    draft.write_bytes(msgspec.json.encode(checkpoint))
    draft.replace(path)
