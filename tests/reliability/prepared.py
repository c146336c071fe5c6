"""The homes that changes are done to, and the files that they read and write."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config

from carafe.access import Role, open_keys
from carafe.database import upgrade
from carafe.database.engine import WRITES, create
from carafe.registry import open_registry
from carafe.schema import ModelRef
from carafe.settings import Settings
from carafe.upkeep import back_up
from sealed import seal_really

BACKUP = "houses.backup"
BUNDLE = "houses.carafe"
"""A backup of the usual home, and a version of it on its way to another one."""

PREPARED = "prepared"
"""The folder of the homes; what the files in ``WRITTEN`` were before is in its folder ``WRITTEN``."""

WRITTEN = "written"
"""The folder into which files are written anew."""

KEY = "key"
"""The file with the name of the usual home's key."""


def make_inputs(folder: Path) -> None:
    """Write what the operations need beside a home, and the homes themselves under ``PREPARED``."""
    rows = "\n".join(f"{i},{i * 7 % 5},{i * 2 + i * 7 % 5}" for i in range(60))
    (folder / "tiny.csv").write_text(f"a,b,y\n{rows}\n")
    usual = Settings(home=folder / PREPARED / "usual")
    (folder / KEY).write_text(make_home(usual.home, export=folder / BUNDLE))
    back_up(usual, folder / BACKUP)
    _make_older(folder / PREPARED / "older", usual=usual.home)
    before = folder / PREPARED / WRITTEN
    before.mkdir()
    shutil.copy(folder / BUNDLE, before)
    empty = Settings(home=folder / PREPARED / "empty")
    open_registry(empty).close()
    back_up(empty, before / BACKUP)


def make_home(home: Path, *, export: Path) -> str:
    """Make a home with three versions of a model and a key, export the first version, and return the key's name."""
    settings = Settings(home=home)
    keys, registry = open_keys(settings), open_registry(settings)
    key = keys.create(role=Role.ADMINISTRATOR).record.id
    for slope in (1.0, 2.0, 3.0):
        with registry.staging() as staged:
            seal_really(staged, key=registry.key, slope=slope)
            registry.publish(name="houses", staged=staged)
    registry.promote(ModelRef.parse("houses@3"))
    registry.promote(ModelRef.parse("houses@1"))
    registry.promote(ModelRef.parse("houses@3"), alias="staging")
    registry.export(ModelRef.parse("houses@1"), export)
    keys.close()
    registry.close()
    return key


def _make_older(home: Path, *, usual: Path) -> None:
    """Give a home the database of the first release, with what the usual home holds."""
    shutil.copytree(usual, home)
    (home / "carafe.db").write_bytes(b"")
    config = Config()
    config.set_main_option("script_location", str(Path(upgrade.__file__).parent / "migrations"))
    engine = create(home / "carafe.db")
    with engine.connect().execution_options(**{WRITES: True}) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    engine.dispose()
    with closing(sqlite3.connect(home / "carafe.db")) as older:
        older.execute("ATTACH ? AS usual", (str(usual / "carafe.db"),))
        older.executescript(_COPY)
    (home / "carafe.db").chmod(0o600)


_COPY = """
    BEGIN;
    UPDATE home SET (generation, secret_check) = (SELECT generation, secret_check FROM usual.home);
    INSERT INTO models SELECT id, name, created, last_number FROM usual.models;
    INSERT INTO versions SELECT id, model_id, number, created, task, digest, artefact, manifest, verdict
        FROM usual.versions;
    INSERT INTO aliases SELECT a.id, a.model_id, a.alias, v.version_id, a.changed
        FROM usual.aliases AS a JOIN usual.alias_versions AS v ON v.alias_id = a.id;
    INSERT INTO keys SELECT id, name, role, digest, created, revoked FROM usual.keys;
    COMMIT;
    PRAGMA journal_mode = WAL;
"""
