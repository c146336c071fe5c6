"""Homes that older Carafes wrote, from ``tests/homes``; how they were made is in ``tests/homes/make.py``."""

from __future__ import annotations

import json
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from carafe.upkeep.archive import Index
from carafe.upkeep.writer import new_archive

FOLDER = Path(__file__).parent / "homes"
NAMES = tuple(sorted(path.name.removesuffix(".tar.gz") for path in FOLDER.glob("*.tar.gz")))


@dataclass(frozen=True, slots=True, kw_only=True)
class OlderHome:
    """An unpacked home."""

    path: Path
    keys: dict[str, str]
    """The text of a key a role, by the role's name."""
    revoked: str
    """The text of a key that was revoked."""
    answers: dict[str, dict[str, Any]]
    """By reference: ``records``, and the ``version``, ``values`` and ``probabilities`` that were the answer."""


def unpack(name: str, folder: Path) -> OlderHome:
    """Unpack one of NAMES into a folder that exists."""
    with tarfile.open(FOLDER / f"{name}.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    for path in (folder / "home", *(folder / "home").rglob("*")):  # the filter leaves folders to the umask
        path.chmod(0o700 if path.is_dir() else 0o600)
    known = json.loads((folder / "known.json").read_text(encoding="utf-8"))
    return OlderHome(path=folder / "home", keys=known["keys"], revoked=known["revoked"], answers=known["answers"])


def older_backup(folder: Path, name: str = "format1-revision0001") -> OlderHome:
    """Write ``older.backup`` as the release of a home of revision 0001 would have, and return the home, unpacked."""
    (folder / "older").mkdir()
    older = unpack(name, folder / "older")
    tables = ("home", "models", "versions", "aliases", "keys")
    with new_archive(folder / "older.backup") as writer:
        for path in sorted((older.path / "artefacts" / "kept").rglob("*.*")):
            writer.add(f"artefacts/{path.parent.name}/{path.name}", [path.read_bytes()])
        for table in tables:
            writer.add(f"tables/{table}.jsonl", _rows(older, table))
        writer.add("secret.key", [(older.path / "secret.key").read_bytes()])
        writer.finish(
            Index(carafe="0.0", created=datetime(2026, 11, 20, tzinfo=UTC), revision="0001", tables=tables, versions=3)
        )
    return older


def _rows(older: OlderHome, table: str) -> Iterator[bytes]:
    with closing(sqlite3.connect(older.path / "carafe.db")) as connection:
        connection.row_factory = sqlite3.Row
        for row in map(dict, connection.execute(f"SELECT * FROM {table} ORDER BY 1")):  # noqa: S608
            for name in {"created", "changed", "revoked"} & row.keys():
                row[name] = row[name] and row[name].replace(" ", "T") + "Z"
            yield msgspec.json.encode(row) + b"\n"


def assert_answers(home: Path, older: OlderHome) -> None:
    """Ask every version again, and expect the very same numbers."""
    import carafe  # noqa: PLC0415 - processes that never load a model start faster

    for reference, known in older.answers.items():
        model = carafe.load(reference, home=home)
        assert model.version.number == known["version"], reference
        assert model.predict(known["records"]).tolist() == known["values"], reference
        if "probabilities" in known:
            assert model.predict_proba(known["records"]).tolist() == known["probabilities"], reference
