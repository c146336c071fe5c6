"""How what aliases point at changes: promotion, traffic, rollback, gates."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from carafe.errors import (
    AliasChanged,
    CarafeError,
    CorruptArtefact,
    LoadFailed,
    NewerArtefact,
    NothingToRollBack,
    StorageUnavailable,
    VersionNotFound,
)
from carafe.models.verification import verify_artefact
from carafe.registry.absence import no_field
from carafe.registry.gates import Gates
from carafe.registry.history import Action, Change, Entry, said, settled_before
from carafe.registry.judging import Judging, gone_through, told_as
from carafe.registry.moved import check_expected
from carafe.registry.rollouts import Rollouts
from carafe.registry.traffic import Traffic
from carafe.registry.version import Alias, Version
from carafe.schema import ModelRef
from carafe.schema.exchange import CHAMPION, check_name

ATTEMPTS = 20
"""How often a change is judged again because somebody else changed the alias meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aliases(Judging):
    """The part of a Registry that moves aliases.

    What an alias is to have is loaded first. Whatever lets a version answer as ``champion`` that does not answer so yet
    must pass the model's gates, however it is let in. Shadows pass freely, and so does a rollback: back is always open.
    """

    def promote(
        self,
        ref: ModelRef,
        *,
        alias: str = CHAMPION,
        by: str = "",
        reason: str = "",
        expected: int | None = None,
        force: bool = False,
    ) -> Entry:
        """Let an alias point at the version that ``ref`` means now, and return the entry that the history has of it.

        Args:
            ref: the version, or an alias for the main version that it points at now.
            alias: what is to point at it.
            by: who asks for it.
            reason: why.
            expected: the revision that the alias must have, 0 for none yet; None where any will do.
            force: go on although the version can't be loaded, or does not pass the gates; the history tells of it.

        Raises:
            ModelNotFound, VersionNotFound, AliasNotFound: as ``resolve``.
            AliasChanged: when the alias is at another revision.
            CorruptArtefact, LoadFailed, NewerArtefact, MissingExtra, StorageUnavailable: when the version can't be
                loaded.
            StillLoading, ModelTooLarge: when a service can't have it loaded.
            PromotionRefused: when the version does not pass the model's gates.
        """
        return self.direct(
            ref.name,
            alias,
            Traffic.to(self.resolve(ref).number),
            by=by,
            reason=reason,
            expected=expected,
            action=Action.PROMOTE,
            force=force,
        )

    def direct(  # noqa: PLR0913 - what may be said of a change
        self,
        name: str,
        alias: str,
        traffic: Traffic,
        *,
        by: str = "",
        reason: str = "",
        expected: int | None = None,
        action: Action = Action.TRAFFIC,
        force: bool = False,
    ) -> Entry:
        """Let an alias share its requests among versions, or ask shadows; as ``promote`` otherwise.

        Raises:
            ModelNotFound: when no model has this name.
            VersionNotFound: when the model has not every version that the traffic names.
            InvalidTraffic: when a field is to keep callers with a version that no version which is to answer takes.
            AliasChanged: when the alias is at another revision.
            CorruptArtefact, LoadFailed, NewerArtefact, MissingExtra, StorageUnavailable, StillLoading, ModelTooLarge,
            PromotionRefused: as ``promote``, of any version that the alias does not have yet.
        """
        change = _change(name, alias, traffic, action, by=by, reason=reason, expected=expected)
        check_expected(change, self._found(name, alias))
        self._check_field(name, traffic)
        for _ in range(ATTEMPTS):
            with suppress(AliasChanged):
                return self.metadata.change(self.admitted(change, force=force))
            if expected is not None:
                break
        return self.metadata.change(self.admitted(change, force=force))

    def rollback(
        self,
        name: str,
        alias: str = CHAMPION,
        *,
        by: str = "",
        reason: str = "",
        expected: int | None = None,
        force: bool = False,
    ) -> Entry:
        """Point an alias back at the version that answered alone before what answers now; again, one further back.

        No gate stands in the way. A version that was deleted since, or whose files are found damaged, is passed by, and
        the history says so of the damaged. One that can't be loaded for another reason is not, for the reason may be
        this process's alone: it lacks a library, say, which the services have.

        Args:
            name: the model.
            alias: what is to point back.
            by: who asks for it.
            reason: why.
            expected: the revision that the alias must have; None where any will do.
            force: go to the version before even if it can't be loaded, unless it is damaged; the history tells of it.

        Raises:
            ModelNotFound: when no model has this name.
            AliasNotFound: when the model has no such alias.
            AliasChanged: when the alias is at another revision, or is changed by somebody else meanwhile.
            NothingToRollBack: when no version that still exists, and is whole, answered alone before what answers now.
            LoadFailed, NewerArtefact, MissingExtra, StorageUnavailable, StillLoading, ModelTooLarge: when the files of
                the version before are whole, and it can't be loaded.
        """
        found = self.alias(name, alias)
        change = _change(name, alias, None, Action.ROLLBACK, by=by, reason=reason, expected=expected)
        check_expected(change, found)
        change, damaged = replace(change, expected=found.revision), list[int]()
        for number in settled_before(self._past(name, alias)):
            with suppress(VersionNotFound):  # deleted, perhaps since it was found
                version = self.resolve(ModelRef(name=name, version=number))
                try:
                    back = self._turned(replace(change, traffic=Traffic.to(number)), version, force=force)
                except CorruptArtefact:
                    damaged.append(number)
                else:
                    return self.metadata.change(_passing(back, damaged))
        raise _nothing_left(found, called=f"{name}@{alias}", damaged=damaged)

    def _turned(self, change: Change, version: Version, *, force: bool) -> Change:
        """Return the change that leads back to a version, once that is loaded.

        Raises:
            CorruptArtefact: when its files are damaged: nobody could load them, here or elsewhere, forced or not.
            LoadFailed: when it is no sound model here, or answers otherwise, for a reason that may be this process's.
        """
        try:
            return self._loaded_first(change)
        except CarafeError as error:
            failed: CarafeError = error
            if isinstance(error, CorruptArtefact):
                self._check_damage(version)
                failed = LoadFailed(
                    f"{version} can't be loaded here, though its files are whole ({error}): force the rollback to it, "
                    "or promote another version"
                )
            return gone_through(change, failed, force=force)

    def _check_damage(self, version: Version) -> None:
        """Raise CorruptArtefact when a version's files are damaged; what can't be read now is not known to be."""
        with suppress(StorageUnavailable, NewerArtefact):
            verify_artefact(self.artefacts.fetch(version.artefact), key=self.key, digest=version.digest)

    def drop_alias(
        self, name: str, alias: str, *, by: str = "", reason: str = "", expected: int | None = None
    ) -> Entry:
        """Forget an alias; the versions that it pointed at stay.

        Raises:
            ModelNotFound: when no model has this name.
            AliasNotFound: when the model has no such alias.
            AliasChanged: when the alias is at another revision.
        """
        return self.metadata.change(_change(name, alias, None, Action.DROP, by=by, reason=reason, expected=expected))

    @property
    def rollouts(self) -> Rollouts:
        """Where a version takes an alias over in steps."""
        return Rollouts(metadata=self.metadata, admit=self.admitted)

    def set_gates(self, name: str, gates: Gates, *, by: str = "") -> None:
        """Change what a version must fulfil before it may answer as champion; what answers already stays.

        Raises:
            ModelNotFound: when no model ever had this name.
        """
        self.metadata.set_gates(check_name(name), gates, when=datetime.now(UTC), by=said(by, what="by"))

    def _check_field(self, name: str, traffic: Traffic) -> None:
        """Return when a version that answers takes the field by which callers are kept; without it nobody would be."""
        if traffic.field is None:
            return
        answering = (self.resolve(ModelRef(name=name, version=share.version)) for share in traffic.shares)
        known = {field for version in answering for field in version.manifest.signature.names}
        if traffic.field not in known:
            raise no_field(name, traffic.field, known)


def _change(
    name: str,
    alias: str,
    traffic: Traffic | None,
    action: Action,
    *,
    by: str,
    reason: str,
    expected: int | None,
) -> Change:
    return Change(
        name=check_name(name),
        alias=check_name(alias, what="alias"),
        traffic=traffic,
        action=action,
        when=datetime.now(UTC),
        by=said(by, what="by"),
        reason=said(reason, what="reason"),
        expected=expected,
    )


def _passing(change: Change, damaged: Sequence[int]) -> Change:
    """Return a rollback that says which versions it passes by."""
    if not damaged:
        return change
    return replace(change, reason=told_as(change.reason, f"passes by what is damaged: {_named(damaged)}"))


def _nothing_left(found: Alias, *, called: str, damaged: Sequence[int]) -> NothingToRollBack:
    but = f", but for what is damaged ({_named(damaged)})" if damaged else ""
    return NothingToRollBack(
        f"{called}: no version that still exists answered alone before {found.traffic}{but}: promote one"
    )


def _named(numbers: Sequence[int]) -> str:
    return ", ".join(f"version {number}" for number in numbers)
