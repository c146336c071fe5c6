"""Errors of settings, of what is installed, and of a home and its backups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from carafe.errors.base import CarafeError


class InvalidSetting(CarafeError):
    """Raised when a setting, from a flag or from the environment, has a value that can't be used."""

    slug = "invalid-setting"
    title = "A setting has a value that can't be used"


class OpenModeRefused(CarafeError):
    """Raised when serving without keys is asked for on an address that others can reach."""

    slug = "open-mode-refused"
    title = "Serving without keys is only allowed on this machine's loopback address"


class AddressUnavailable(CarafeError):
    """Raised when the server can't listen where it is asked to: the port is taken, or the address is not ours."""

    slug = "address-unavailable"
    title = "The server can't listen on this address"


class MissingExtra(CarafeError):
    """Raised when a feature needs an optional dependency that is not installed; the message names the extra."""

    slug = "missing-extra"
    title = "An optional part of Carafe is not installed"

    EXTRAS: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("polars", "narwhals", "fastexcel", "sklearn", "skops", "lightgbm", "tomlkit"), "train"),
        **dict.fromkeys(("pandas", "pyarrow"), "pandas"),
        "redis": "redis",
        "psycopg": "postgres",
        "obstore": "objectstore",
    }
    """Each optional library, as it is imported, and the extra that installs it."""

    @classmethod
    def of(cls, who: str, error: ImportError) -> MissingExtra:
        """Return the error for ``who``, such as "this model"; a library of no extra is taken for train's."""
        library = (error.name or "").partition(".")[0]
        return cls(f"{who} needs {library}: pip install 'carafe-serve[{cls.EXTRAS.get(library, 'train')}]'")


class NewerHome(CarafeError):
    """Raised when CARAFE_HOME, or a backup, was written by a newer Carafe than the one that opens it."""

    slug = "newer-home"
    title = "This home, or its backup, was written by a newer Carafe"


class DamagedHome(CarafeError):
    """Raised when a file of CARAFE_HOME, the database or the secret, is not what Carafe wrote."""

    slug = "damaged-home"
    title = "A file of this home is damaged"


class StorageUnavailable(CarafeError):
    """Raised when the disk or the database can't be read or written now; nothing was changed."""

    slug = "storage-unavailable"
    title = "The models' storage can't be used now"


class CorruptBackup(CarafeError):
    """Raised when a file is no backup, or not any more what `carafe backup` wrote: nothing is restored from it."""

    slug = "corrupt-backup"
    title = "The backup is damaged, or is none"


class BackupUnavailable(CarafeError):
    """Raised when a backup can't be read now: it is not there, is closed to this account, or the disk fails."""

    slug = "backup-unavailable"
    title = "The backup can't be read"


class HomeNotEmpty(CarafeError):
    """Raised when a backup is to be restored into a home that has something in it already; that stays as it is."""

    slug = "home-not-empty"
    title = "The home is not empty"
