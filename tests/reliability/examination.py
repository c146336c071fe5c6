"""What an ordinary start finds in a home, and whether all of it holds together."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from carafe.access import open_keys
from carafe.access.home import RESTORING
from carafe.database.upgrade import REVISIONS
from carafe.errors import DamagedHome
from carafe.models.artefact import load_model, reseal
from carafe.models.verification import open_artefact
from carafe.registry import Query, Registry, open_registry
from carafe.registry.bundle import unpack
from carafe.registry.history import HistoryQuery
from carafe.settings import Settings
from carafe.upkeep import verify_backup
from reliability.prepared import BACKUP

KNOWN = {"carafe.db", "secret.key", "lock", "artefacts", f"carafe.db.before-{REVISIONS[-1]}"}
"""What belongs in a home of this test when nobody uses it."""


@dataclass(frozen=True, slots=True)
class State:
    """Everything in a home that a person could name, without moments and drawn names."""

    revision: str
    """That of the database before Carafe opened it; empty where there was none."""
    versions: tuple[str, ...]
    aliases: tuple[str, ...]
    history: tuple[str, ...]
    keys: tuple[str, ...]
    gates: tuple[str, ...]
    rollouts: tuple[str, ...]
    written: tuple[str, ...]
    """What the files hold that were written from the home."""


@dataclass(frozen=True, slots=True)
class Found:
    """A home's state, and everything that is wrong with it."""

    state: State
    faults: tuple[str, ...]
    orphans: int


def examine(home: Path, written: Path) -> Found:
    """Open the home as every command does, and look at everything in it; one that is half restored shows nothing.

    What a killed command had begun of a file in ``written`` may stay under a hidden name, and is not looked at.
    """
    settings = Settings(home=home)
    revision = _revision(home / "carafe.db")
    if (home / RESTORING).exists():
        return Found(State(revision, (), (), (), (), (), (), ()), tuple(_opened(settings)), 0)
    with closing(open_keys(settings)) as keys, closing(open_registry(settings)) as registry:
        known = tuple(f"{one.name} {one.role} {one.revoked is not None}" for one in keys.all())
        versions = registry.versions(Query(size=100)).items
        names = [model.name for model in registry.models(Query(size=100)).items]
        state = State(
            revision=revision,
            versions=tuple(f"{version} {version.verdict}" for version in versions),
            aliases=tuple(line for name in names for line in _aliases(registry, name)),
            history=tuple(line for name in names for line in _history(registry, name)),
            keys=known,
            gates=tuple(f"{name}: {registry.gates(name)}" for name in names),
            rollouts=tuple(f"{each} {each.state} {each.step} {each.revision}" for each in registry.rollouts.active()),
            written=tuple(_held(file, registry) for file in sorted(written.glob("[!.]*"))),
        )
        faults = [*_unloadable(registry), *_inconsistent(registry, names)]
        orphans = registry.collect_orphans()
        faults += _untidy(registry, home)
    faults += [f"left {name}" for name in sorted({file.name for file in home.iterdir()} - KNOWN)]
    return Found(state, (*faults, *_damaged(home / "carafe.db")), orphans)


def _opened(settings: Settings) -> list[str]:
    try:
        open_registry(settings).close()
    except DamagedHome:
        return []
    return ["a home that is half restored can be opened"]


def _aliases(registry: Registry, name: str) -> list[str]:
    return [f"{name}@{each.name}: {each.traffic} {each.revision}" for each in registry.model(name).aliases]


def _history(registry: Registry, name: str) -> list[str]:
    return [
        f"{name} {one.id} {one.action} {one.alias} {one.version} {one.before} {one.after} {one.reason} {one.forced}"
        for one in registry.history(name, HistoryQuery(size=100)).items
    ]


def _held(file: Path, registry: Registry) -> str:
    """Return what a backup or an exported version holds, every digest of it verified."""
    if file.name == BACKUP:
        return f"{file.name}: {verify_backup(file).versions} versions"
    with registry.staging() as folder:
        label = unpack(file, folder)
        reseal(folder, key=registry.key)
        load_model(open_artefact(folder, key=registry.key))
    return f"{file.name}: {label.name}@{label.number}"


def _unloadable(registry: Registry) -> list[str]:
    """Return the versions whose digests or recorded answers don't hold."""
    wrong = []
    for version in registry.versions(Query(size=100)).items:
        try:
            load_model(registry.fetch(version))
        except Exception as error:  # noqa: BLE001 - whatever it is, the version can't answer
            wrong.append(f"{version} can't be loaded: {error}")
    return wrong


def _inconsistent(registry: Registry, names: list[str]) -> list[str]:
    """Return the aliases that are not as the last entry of their history says."""
    wrong = []
    for name in names:
        for alias in registry.model(name).aliases:
            (last,) = registry.history(name, HistoryQuery(alias=alias.name, size=1)).items
            if (last.id, last.after) != (alias.revision, alias.traffic):
                wrong.append(f"{name}@{alias.name} is {alias.traffic}, its history says {last.after}")
    return wrong


def _untidy(registry: Registry, home: Path) -> list[str]:
    """Return what the collection of orphans should have taken away, or should not have."""
    artefacts = home / "artefacts"
    kept = {folder.name for folder in (artefacts / "kept").iterdir()}
    wanted = {version.artefact for version in registry.versions(Query(size=100)).items}
    wrong = [f"kept {kept ^ wanted}"] if kept != wanted else []
    return wrong + [f"left in {part}" for part in ("staging", "quarantine") if _folders(artefacts / part)]


def _folders(parent: Path) -> list[Path]:
    return [entry for entry in parent.iterdir() if entry.is_dir()]


def _damaged(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        found = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    return [text for text in found if text != "ok"] + [f"a foreign key is broken: {row}" for row in broken]


def _revision(database: Path) -> str:
    if not database.exists():
        return ""
    with closing(sqlite3.connect(database)) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])
