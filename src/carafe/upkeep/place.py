"""Whether there is a home where the settings say, and whether one may come to be there."""

from __future__ import annotations

from carafe.access.home import has_database, has_folder
from carafe.database import Database
from carafe.database.rows import is_empty
from carafe.errors import HomeNotEmpty, StorageUnavailable
from carafe.registry.store import ArtefactStore
from carafe.settings import Settings


def check_home(settings: Settings) -> None:
    """Return if there is a home; whoever looks after one must not make an empty one by a slip of the pen.

    Raises:
        StorageUnavailable: when there is none, or it can't be looked into.
        DamagedHome: when its database has vanished.
    """
    there = has_folder(settings.home) if settings.database_url is not None else has_database(settings.home)
    if not there:
        raise StorageUnavailable(
            f"there is no home at {settings.home}: set CARAFE_HOME to one that is in use, or make one: `carafe train`"
        )


def check_empty(settings: Settings, database: Database, artefacts: ArtefactStore) -> None:
    """Return if nothing was ever done in a home.

    Raises:
        HomeNotEmpty: when there is something in it.
    """
    if not is_empty(database):
        raise HomeNotEmpty(
            f"{settings.home}: its database has models, keys or a history; set CARAFE_HOME to a new folder, and "
            "CARAFE_DATABASE_URL, where it is used, to an empty database"
        )
    if artefacts.survey().kept:
        raise HomeNotEmpty(
            f"{settings.home}: there are models' files already, whose database is lost or elsewhere; set CARAFE_HOME "
            "to a new folder, and CARAFE_ARTIFACTS_URL, where it is used, to an empty place"
        )
