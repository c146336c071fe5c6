"""The form of a backup: an uncompressed zip of tables, artefacts and the secret, and an index with every digest.

Nothing in it is compressed: a member takes in the archive what it takes on the disk, so no archive unpacks to more than
it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import msgspec

FORMAT = 1
"""The format this Carafe writes. It reads this one and every older one."""

INDEX = "backup.json"
SECRET = "secret.key"  # noqa: S105 - the name of a file

TABLE = re.compile(r"tables/([a-z][a-z0-9_]{0,62})\.jsonl")
ARTEFACT = re.compile(r"artefacts/([0-9a-f]{32})/([A-Za-z0-9][A-Za-z0-9._-]{0,99})")
"""The names that members may have, besides the two above: none leads out of a folder."""

FIRST = ("artefacts/", "tables/")
"""How the first member's name begins: files are copied before rows are, where there are any."""

CHUNK = 1024**2


class Member(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file of the archive: its name in it, its size in bytes, its SHA-256 in hexadecimal."""

    path: str
    size: int
    sha256: str


class LeftOut(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A version whose files were damaged already when the backup was made: its row is in it, its files are not."""

    artefact: str
    version: str
    reason: str


class Index(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an archive holds, and what wrote it. It is written last."""

    format: int = FORMAT
    carafe: str
    created: Annotated[datetime, msgspec.Meta(tz=True)]
    """When the rows were read, in UTC."""
    revision: str
    """That of the database."""
    tables: tuple[str, ...]
    versions: int
    """How many versions the rows know."""
    left_out: tuple[LeftOut, ...] = ()
    members: tuple[Member, ...] = ()


class StoredVersion(msgspec.Struct, frozen=True, kw_only=True):
    """What a row of the table of versions says of its files. Other fields are the database's affair."""

    model_id: int
    number: int
    artefact: str
    digest: str


class StoredModel(msgspec.Struct, frozen=True, kw_only=True):
    """What a row of the table of models says of its name."""

    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionFiles:
    """A version and its files: what the store calls them, and the SHA-256 of their manifest."""

    name: str
    number: int
    artefact: str
    digest: str

    def __str__(self) -> str:
        return f"{self.name}@{self.number}"


def table_member(table: str) -> str:
    """Return the name of a table's member."""
    return f"tables/{table}.jsonl"


def artefact_member(artefact: str, file: str) -> str:
    """Return the name of the member that is a file of an artefact."""
    return f"artefacts/{artefact}/{file}"
