"""Versions and the names that point at them. A version's files are written first, its row in the database last.

* ``registry``: Registry, the one door: publish, resolve, fetch, promote, delete, export, import.
* ``version``: Version, RegisteredModel. ``query``: Query and Page, for lists. ``promotion``: when a version becomes
  champion.
* ``metadata`` with its twins ``metadata_sql`` and ``metadata_memory``: which versions there are.
* ``store`` with its twins ``store_disk`` and ``store_memory``: where their files are.
* ``bundle``: one version as one file, on its way to another home. ``open``: the registry of a home.
"""

from carafe.registry.open import memory_registry, open_registry
from carafe.registry.promotion import Promotion
from carafe.registry.query import Page, Query, Sort
from carafe.registry.registry import Registry
from carafe.registry.version import Alias, RegisteredModel, Version

__all__ = [
    "Alias",
    "Page",
    "Promotion",
    "Query",
    "RegisteredModel",
    "Registry",
    "Sort",
    "Version",
    "memory_registry",
    "open_registry",
]
