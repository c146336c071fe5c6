"""A home's database and secret, opened together and found to belong together."""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from carafe.access.home_sql import known_check, remember_check
from carafe.access.secret import FILE, Purpose, derive, find_secret, make_secret
from carafe.database import Database, open_database, refuse_file
from carafe.database.connection import PATIENCE
from carafe.database.engine import FILE as DATABASE
from carafe.errors import DamagedHome, InvalidSetting, StorageUnavailable
from carafe.settings import Settings

ARTEFACTS = "artefacts"
"""The folder in a home that holds the files of its models, where no other place is named."""

SAMPLES = "samples"
"""The folder in a home that holds sampled rows and answers."""

RESTORING = "restoring"
"""The file in a home that says that a restoration was begun and has not ended."""

_SHARED = f"bring {FILE} from a machine that shares the database, or set CARAFE_SECRET to the same on all of them"


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
        DamagedHome: when the database is broken or gone, the secret is gone or not the one that it was made with, or a
            restoration into the home has not ended.
        InvalidSetting: when the secret of the settings is not that one, or the database's URL can't be read.
        MissingExtra: when what speaks to PostgreSQL is not installed.
        StorageUnavailable: when it can't be created, read or written.
    """
    _check_restored(settings.home)
    if settings.database_url is None:
        has_database(settings.home)
    database = open_database(settings.home, settings.database_url, patience=patience)
    try:
        known = known_check(database)
        home = Home(path=settings.home, database=database, secret=_secret(settings, begun=known is not None))
        _check_secret(home, settings, known)
    except BaseException:
        database.close()
        raise
    return home


def has_own_secret(settings: Settings, database: Database) -> bool:
    """Tell whether the secret that its database was begun with is there; nothing is created or changed.

    Raises:
        DamagedHome: when the file does not hold a secret.
        StorageUnavailable: when it can't be read.
    """
    secret = find_secret(settings.home) if settings.secret is None else bytes.fromhex(settings.secret)
    return secret is not None and hmac.compare_digest(derive(secret, Purpose.CHECK).hex(), known_check(database) or "")


def _check_restored(path: Path) -> None:
    """Raise DamagedHome for a home that is half restored: who began to work in it could not have it restored."""
    if os.path.exists(path / RESTORING):  # noqa: PTH110 - false also where nobody may look, which others will say
        raise DamagedHome(
            f"a restoration into {path} has not ended: wait for it, or run the same `carafe restore` again"
        )


def has_folder(path: Path) -> bool:
    """Tell whether there is a home's folder, whatever is in it.

    Raises:
        StorageUnavailable: when it is a file, nobody may look, or the disk fails.
    """
    with _told(path):
        refuse_file(path)
        return _is_there(path)


def has_database(path: Path) -> bool:
    """Tell whether a home has a database of its own.

    Raises:
        DamagedHome: when it had one: a new one would say that there never was a model.
        StorageUnavailable: when the home is a file, nobody may look, or the disk fails.
    """
    with _told(path):
        refuse_file(path)
        if _is_there(path / DATABASE):
            return True
        begun = _is_there(path / FILE) or _holds_something(path / ARTEFACTS / "kept")
        if not begun or _is_there(path / DATABASE):  # whoever creates a home makes the database first
            return begun
    raise DamagedHome(
        f"{path} has a secret or models but no {DATABASE}: bring the database back, or restore the home from a backup; "
        "if its models were kept in another database, name that one in CARAFE_DATABASE_URL"
    )


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageUnavailable(
            f"the home {path} can't be read ({error.strerror}): check its owner and its disk"
        ) from error


def _is_there(path: Path) -> bool:
    """Tell whether there is something; unlike ``exists``, never answer no where the answer can't be known."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _holds_something(folder: Path) -> bool:
    return _is_there(folder) and any(folder.iterdir())


def _secret(settings: Settings, *, begun: bool) -> bytes:
    """Return the secret that comes with the settings or is in the home; a new one is only for a new database.

    Another one in the place of a lost one would be of no use, and in the way of the lost one's return.
    """
    if settings.secret is not None:
        return bytes.fromhex(settings.secret)
    secret = find_secret(settings.home)
    if secret is not None:
        return secret
    if not begun:
        return make_secret(settings.home)
    if settings.database_url is not None:
        raise DamagedHome(f"{FILE} is gone from {settings.home}, or never was there: {_SHARED}")
    raise DamagedHome(
        f"{FILE} is gone from {settings.home}: bring it back from a backup; without it no model can be verified and no "
        "key works, and nothing takes its place"
    )


def _check_secret(home: Home, settings: Settings, known: str | None) -> None:
    mine = home.key_for(Purpose.CHECK).hex()
    if hmac.compare_digest(mine, known or remember_check(home.database, mine)):
        return
    if settings.secret is not None:
        raise InvalidSetting(
            "secret (CARAFE_SECRET): it is not the one that this database was begun with: give every machine the same; "
            f"one that began without the setting has it in {FILE} of its home"
        )
    if settings.database_url is not None:
        raise DamagedHome(f"{FILE} in {home.path} is not the secret that this database was begun with: {_SHARED}")
    raise DamagedHome(
        f"{FILE} in {home.path} is not the secret that this home was made with: restore it from a backup; every "
        "model is signed with it, so another one would make them all look damaged"
    )
