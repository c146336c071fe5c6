"""Versions and the names that point at them. A version's files are written first, its row in the database last.

* ``registry``: Registry, the one door: publish, delete, export, import. Its parts: ``versions`` and ``record`` find and
  tell, ``judging`` says whether an alias may be changed, ``aliases`` promotes and rolls back.
* ``version``: Version, Alias, RegisteredModel. ``traffic``: what an alias points at. ``history``: who did what,
  when and why; ``events``: what becomes an entry of it. ``moved``: nobody overwrites what they have not seen.
* ``query``: Query and Page, for lists. ``promotion``: when a new version becomes champion. ``gates``: what any version
  must fulfil for that, by ``comparison`` of figures and ``compatibility`` of signatures.
* ``rollouts``: Rollouts, where a version takes an alias over in steps. ``rollout``: Plan, Rollout and State;
  ``rollout_figures``: what was seen of both versions; ``rollout_decision``: what to do then, by ``evidence``;
  ``rollout_store`` with its twins ``rollout_sql`` and ``rollout_memory``: a part of the metadata.
* ``metadata`` with its twins ``metadata_sql`` and ``metadata_memory``: which versions there are.
* ``store`` with its twins ``store_disk``, ``store_object`` and ``store_memory``: where their files are. ``staging``:
  where they are prepared. ``client_obstore``: what an object store can do; ``store_cache``: copies of what is in it,
  and ``leases``: who reads them.
* ``owner``, with ``owner_disk`` and ``owner_object``: whose a place is that others can name, too; ``store_owned``
  stands before the store there.
* ``bundle``: one version as one file, on its way to another home; ``new_file``: one that appears whole. ``open``: the
  registry of a home.
"""

from carafe.registry.gates import Gates
from carafe.registry.history import Action, Entry, HistoryQuery
from carafe.registry.open import memory_registry, open_registry
from carafe.registry.promotion import Promotion
from carafe.registry.query import Page, Query, Sort
from carafe.registry.registry import Registry
from carafe.registry.rollout import Plan, Rollout, State
from carafe.registry.rollout_store import Watched
from carafe.registry.rollouts import Rollouts
from carafe.registry.traffic import Share, Traffic
from carafe.registry.version import Alias, Pointed, RegisteredModel, Version

__all__ = [
    "Action",
    "Alias",
    "Entry",
    "Gates",
    "HistoryQuery",
    "Page",
    "Plan",
    "Pointed",
    "Promotion",
    "Query",
    "RegisteredModel",
    "Registry",
    "Rollout",
    "Rollouts",
    "Share",
    "Sort",
    "State",
    "Traffic",
    "Version",
    "Watched",
    "memory_registry",
    "open_registry",
]
