"""``carafe.promote`` and ``carafe.rollback``: which version answers."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from carafe.access.account import account
from carafe.api.home import registry_at
from carafe.registry import Entry
from carafe.schema import ModelRef
from carafe.schema.exchange import CHAMPION


def promote(
    reference: str,
    *,
    alias: str = CHAMPION,
    reason: str = "",
    force: bool = False,
    home: str | Path | None = None,
) -> Entry:
    """Let an alias point at a version, and return the entry that the history has of it.

    Args:
        reference: ``"houses@3"`` (a version), or ``"houses@staging"`` (what another alias points at now).
        alias: what is to point at it; the champion answers where only the model is named.
        reason: why, for the history; that this account did it is kept with it.
        force: go on although the version can't be loaded, or does not pass the gates; the history tells of it.
        home: where models are kept; ``CARAFE_HOME``, or ``~/.carafe``, where not given.

    Raises:
        InvalidName: when the reference or the alias is not well formed.
        NotFound: when there is no such model, version or alias.
        CorruptArtefact, LoadFailed, NewerArtefact, MissingExtra, StorageUnavailable: when the version can't be loaded.
        PromotionRefused: when the version does not pass the model's gates.
    """
    with closing(registry_at(home)) as registry:
        return registry.promote(ModelRef.parse(reference), alias=alias, by=account(), reason=reason, force=force)


def rollback(
    name: str, *, alias: str = CHAMPION, reason: str = "", force: bool = False, home: str | Path | None = None
) -> Entry:
    """Point an alias back at the version that answered alone before, and return the history's entry of it.

    Versions that were deleted since, or are damaged, are passed by.

    Args:
        name: the model.
        alias: what is to point back.
        reason: why, for the history.
        force: go to the version before even if it can't be loaded, unless it is damaged; the history tells of it.
        home: where models are kept; ``CARAFE_HOME``, or ``~/.carafe``, where not given.

    Raises:
        NotFound: when there is no such model or alias.
        NothingToRollBack: when no version that still exists, and is whole, answered alone before what answers now.
        LoadFailed, NewerArtefact, MissingExtra, StorageUnavailable: when the version before can't be loaded.
    """
    with closing(registry_at(home)) as registry:
        return registry.rollback(name, alias, by=account(), reason=reason, force=force)
