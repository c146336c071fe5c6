"""A home's database and secret, opened together and found to belong together."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from pathlib import Path

from carafe.access.home_sql import remember_check
from carafe.access.secret import FILE, Purpose, derive, read_secret
from carafe.database import Database, open_database
from carafe.errors import DamagedHome


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


def open_home(path: Path) -> Home:
    """Open the home at ``path``; create it, its database and its secret where there is none.

    Raises:
        NewerHome: when a newer Carafe has written it.
        DamagedHome: when the database is broken, or the secret is not the one this home was made with.
        StorageUnavailable: when it can't be created, read or written.
    """
    database = open_database(path)
    try:
        home = Home(path=path, database=database, secret=read_secret(path))
        _check_secret(home)
    except BaseException:
        database.close()
        raise
    return home


def _check_secret(home: Home) -> None:
    mine = home.key_for(Purpose.CHECK).hex()
    if not hmac.compare_digest(mine, remember_check(home.database, mine)):
        raise DamagedHome(
            f"{FILE} in {home.path} is not the secret that this home was made with: restore it from a backup; every "
            "model is signed with it, so another one would make them all look damaged"
        )
