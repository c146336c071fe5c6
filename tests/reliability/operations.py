"""Everything that changes a home, as the command line or the Python API does it, and the homes that it is done to."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click
import numpy as np
from alembic import command
from alembic.config import Config
from sklearn.linear_model import LinearRegression

import carafe
from carafe.access import Role, open_keys
from carafe.cli.main import Failure, main
from carafe.database import upgrade
from carafe.database.engine import WRITES, create
from carafe.errors import CarafeError
from carafe.registry import open_registry
from carafe.schema import ModelRef
from carafe.settings import Settings
from carafe.upkeep import back_up
from sealed import seal_really

Act = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Operation:
    """One change: what it is done to, and the words of its command; a call where it is the Python API's."""

    prepared: str
    words: tuple[str, ...] = ()
    call: Callable[[Path], None] | None = None

    def on(self, home: Path, folder: Path) -> Act:
        """Return the change of one home, for a child to do; ``folder`` holds the files of ``make_inputs``."""
        command = main if self.call is None else click.Command("publish", callback=partial(self.call, home))

        def act() -> None:
            os.environ["CARAFE_HOME"] = str(home)
            os.chdir(folder)
            command(args=list(self.words), prog_name="carafe")

        return act


def _publish(home: Path) -> None:
    x = np.linspace(0, 1, 20)[:, None]
    try:
        version = carafe.publish(LinearRegression().fit(x, x[:, 0]), "houses", sample=x, promote="always", home=home)
    except CarafeError as error:
        raise Failure(error) from error  # told as the command line tells it
    click.echo(version)


TRAIN = ("train", "tiny.csv", "--target", "y", "--name", "tiny", "--algorithm", "linear")

OPERATIONS = {
    "create": Operation("nothing", ("keys", "create", "--role", "reader", "--name", "ann")),
    "migrate": Operation("older", ("models",)),
    "import": Operation("usual", ("import", "houses.carafe")),
    "publish": Operation("usual", call=_publish),
    "train": Operation("usual", TRAIN),
    "promote": Operation("usual", ("promote", "houses@2")),
    "rollback": Operation("usual", ("rollback", "houses")),
    "delete": Operation("usual", ("delete", "houses@2", "--yes")),
    "restore": Operation("nothing", ("restore", "houses.backup")),
    "keys create": Operation("usual", ("keys", "create", "--role", "reader", "--name", "ann")),
}
"""Each change by its name."""


def make_inputs(folder: Path) -> None:
    """Write what the operations need beside a home, and the homes themselves under ``prepared``."""
    rows = "\n".join(f"{i},{i * 7 % 5},{i * 2 + i * 7 % 5}" for i in range(60))
    (folder / "tiny.csv").write_text(f"a,b,y\n{rows}\n")
    make_home(folder / "prepared" / "usual", export=folder / "houses.carafe")
    back_up(Settings(home=folder / "prepared" / "usual"), folder / "houses.backup")
    _make_older(folder / "prepared" / "older", usual=folder / "prepared" / "usual")


def make_home(home: Path, *, export: Path) -> None:
    """Make a home with three versions of a model and a key, and export the first version."""
    settings = Settings(home=home)
    keys, registry = open_keys(settings), open_registry(settings)
    keys.create(role=Role.ADMINISTRATOR)
    for slope in (1.0, 2.0, 3.0):
        with registry.staging() as staged:
            seal_really(staged, key=registry.key, slope=slope)
            registry.publish(name="houses", staged=staged)
    registry.promote(ModelRef.parse("houses@3"))
    registry.promote(ModelRef.parse("houses@1"))
    registry.export(ModelRef.parse("houses@1"), export)
    keys.close()
    registry.close()


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
