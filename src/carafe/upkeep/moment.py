"""All rows of a home as they were in one moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TypeVar

import msgspec

from carafe.database import Database
from carafe.database.rows import read_rows
from carafe.upkeep.archive import CHUNK, StoredModel, StoredVersion, VersionFiles

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The rows, in files that have no name and go with the process."""

    created: datetime
    revision: str
    tables: dict[str, IO[bytes]]

    def versions(self) -> list[VersionFiles]:
        """Return every version that was there, and where its files are."""
        names = {model.id: model.name for model in self._rows("models", StoredModel)}
        return [
            VersionFiles(name=names[row.model_id], number=row.number, artefact=row.artefact, digest=row.digest)
            for row in self._rows("versions", StoredVersion)
        ]

    def pieces(self, table: str) -> Iterator[bytes]:
        """Yield a table's rows, a piece at a time."""
        stream = self.tables[table]
        stream.seek(0)
        while piece := stream.read(CHUNK):
            yield piece

    def _rows(self, table: str, kind: type[T]) -> Iterator[T]:
        stream = self.tables[table]
        stream.seek(0)
        return map(msgspec.json.Decoder(kind).decode, stream)


@contextmanager
def this_moment(database: Database, *, folder: Path) -> Iterator[Moment]:
    """Yield the rows as they are now.

    Args:
        database: is read in one transaction, which ends before the block begins.
        folder: on whose disk they are meanwhile.

    Raises:
        StorageUnavailable, DamagedHome: when the database can't be read now.
    """
    with ExitStack() as stack:
        tables: dict[str, IO[bytes]] = {}
        with read_rows(database) as rows:
            for name in rows.tables:
                tables[name] = stream = stack.enter_context(TemporaryFile(dir=folder))
                stream.writelines(line + b"\n" for line in rows.lines(name))
            moment = Moment(created=datetime.now(UTC), revision=rows.revision, tables=tables)
        yield moment
