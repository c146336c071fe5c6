"""What commands open of the home that CARAFE_HOME names, for a ``with`` block that lets go of it again."""

from __future__ import annotations

from contextlib import closing

from carafe.access import Keys, open_keys
from carafe.registry import Registry, open_registry
from carafe.settings import Settings
from carafe.upkeep.place import check_home


def opened_registry(*, new: bool = False) -> closing[Registry]:
    """Return the home's registry, open for one block; where there is no home, ``new`` makes one.

    Raises:
        StorageUnavailable: when there is none, and nothing new is to be put there: CARAFE_HOME may be misspelt.
    """
    return closing(open_registry(_settings(new=new)))


def opened_keys(*, new: bool = False) -> closing[Keys]:
    """Return the home's API keys, open for one block; as ``opened_registry``."""
    return closing(open_keys(_settings(new=new)))


def _settings(*, new: bool) -> Settings:
    settings = Settings.load()
    if not new:
        check_home(settings)
    return settings
