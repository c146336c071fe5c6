"""A home's database and secret, opened together and found to belong together."""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass, field
from pathlib import Path

from carafe.access.home_sql import remember_check
from carafe.access.secret import FILE, Purpose, derive, read_secret
from carafe.database import Database, open_database
from carafe.database.connection import PATIENCE
from carafe.database.engine import FILE as DATABASE
from carafe.errors import DamagedHome, InvalidSetting, StorageUnavailable
from carafe.settings import Settings

RESTORING = "restoring"
"""The file in a home that says that a restoration was begun and has not ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """What the registry and the keys of one home stand on."""

    path: Path
    database: Database
    secret: bytes = field(repr=False)

    def key_for(self, purpose: Purpose) -> bytes:
        """Return the 32-byte key that this home uses for one purpose."""
        return derive(self.secret, purpose)

    def close(self) -> None:
        """Let go of the database's connections."""
        self.database.close()


def open_home(settings: Settings, *, patience: float = PATIENCE) -> Home:
    """Open the home that ``settings`` name; create it, its database and its secret where there is none.

    The database may be one that several machines share, and the secret one that the settings bring along.

    Args:
        settings: where the home is.
        patience: for how many seconds a change waits while another process makes one.

    Raises:
        NewerHome: when a newer Carafe has written it.
        DamagedHome: when the database is broken or gone, the secret is not the one that it was made with, or a
            restoration into the home has not ended.
        InvalidSetting: when the secret of the settings is not that one, or the database's URL can't be read.
        MissingExtra: when what speaks to PostgreSQL is not installed.
        StorageUnavailable: when it can't be created, read or written.
    """
    _check_restored(settings.home)
    if settings.database_url is None:
        _check_database(settings.home)
    database = open_database(settings.home, settings.database_url, patience=patience)
    try:
        secret = read_secret(settings.home) if settings.secret is None else bytes.fromhex(settings.secret)
        home = Home(path=settings.home, database=database, secret=secret)
        _check_secret(home, settings)
    except BaseException:
        database.close()
        raise
    return home


def _check_restored(path: Path) -> None:
    """Raise DamagedHome for a home that is half restored: who began to work in it could not have it restored."""
    if os.path.exists(path / RESTORING):  # noqa: PTH110 - false also where nobody may look, which others will say
        raise DamagedHome(
            f"a restoration into {path} has not ended: wait for it, or run the same `carafe restore` again"
        )


def _check_database(path: Path) -> None:
    """Raise DamagedHome for a home whose database has vanished: a new one would say that there never was a model.

    The secret is looked for first, because whoever creates a home makes it last.
    """
    try:
        vanished = (path / FILE).exists() and not (path / DATABASE).exists()
    except OSError as error:
        raise StorageUnavailable(f"the home can't be read ({error.strerror}): check its owner and its disk") from error
    if vanished:
        raise DamagedHome(
            f"{path} has a secret but no {DATABASE}: bring the database back, or restore the home from a backup; if "
            "its models were kept in another database, name that one in CARAFE_DATABASE_URL"
        )


def _check_secret(home: Home, settings: Settings) -> None:
    mine = home.key_for(Purpose.CHECK).hex()
    if hmac.compare_digest(mine, remember_check(home.database, mine)):
        return
    if settings.secret is not None:
        raise InvalidSetting(
            "secret (CARAFE_SECRET): it is not the one that this database was begun with: give every machine the same; "
            f"one that began without the setting has it in {FILE} of its home"
        )
    if settings.database_url is not None:
        raise DamagedHome(
            f"{FILE} in {home.path} is not the secret that this database was begun with: bring {FILE} from a machine "
            "that shares the database, or set CARAFE_SECRET to the same on all of them"
        )
    raise DamagedHome(
        f"{FILE} in {home.path} is not the secret that this home was made with: restore it from a backup; every "
        "model is signed with it, so another one would make them all look damaged"
    )
