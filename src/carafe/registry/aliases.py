"""What aliases point at, and how that changes: promotion, traffic, rollback, gates, and the history of it all."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from carafe.errors import AliasChanged, AliasNotFound, NothingToRollBack, PromotionRefused, VersionNotFound
from carafe.registry.absence import no_field
from carafe.registry.comparison import Contender
from carafe.registry.gates import Gates, failed_gates
from carafe.registry.history import Action, Change, Entry, HistoryQuery, said, settled_before
from carafe.registry.moved import check_expected
from carafe.registry.query import Page
from carafe.registry.rollouts import Rollouts
from carafe.registry.traffic import Traffic
from carafe.registry.version import Alias, Version
from carafe.registry.versions import Versions
from carafe.schema import ModelRef
from carafe.schema.exchange import CHAMPION, check_name

ATTEMPTS = 20
"""How often a change is judged again because somebody else changed the alias meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aliases(Versions):
    """The part of a Registry that moves aliases.

    Whatever lets a version answer as ``champion`` that does not answer so yet must pass the model's gates, however it
    is let in. Shadows are free, and so is a rollback: back is always open.
    """

    def alias(self, name: str, alias: str = CHAMPION) -> Alias:
        """Return what an alias points at, and its revision.

        Raises:
            ModelNotFound: when no model has this name.
            AliasNotFound: when the model has no such alias.
        """
        return self.metadata.alias(check_name(name), check_name(alias, what="alias"))

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
            force: go through gates that the version does not pass; the history tells of it.

        Raises:
            ModelNotFound, VersionNotFound, AliasNotFound: as ``resolve``.
            AliasChanged: when the alias is at another revision.
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
            PromotionRefused: when a version that is to answer as champion does not pass the model's gates.
        """
        change = _change(name, alias, traffic, action, by=by, reason=reason, expected=expected)
        self._check_field(name, traffic)
        if alias != CHAMPION or action is Action.ROLLBACK:
            return self.metadata.change(change)
        for _ in range(ATTEMPTS):
            with suppress(AliasChanged):
                return self.metadata.change(self._judged(change, force=force))
            if expected is not None:
                break
        return self.metadata.change(self._judged(change, force=force))

    def previous(self, name: str, alias: str = CHAMPION) -> Version:
        """Return the version to which a rollback of an alias would lead.

        Raises:
            ModelNotFound: when no model has this name.
            AliasNotFound: when the model has no such alias.
            NothingToRollBack: when no version that still exists answered alone before what answers now.
        """
        found = self.alias(name, alias)
        for number in settled_before(self._past(name, alias)):
            with suppress(VersionNotFound):
                return self.metadata.version(name, number)
        raise NothingToRollBack(
            f"{name}@{alias}: no version that still exists answered alone before {found.traffic}: promote one"
        )

    def rollback(
        self, name: str, alias: str = CHAMPION, *, by: str = "", reason: str = "", expected: int | None = None
    ) -> Entry:
        """Point an alias back at the version that answered alone before what answers now; again, one further back.

        No gate stands in the way.

        Raises:
            ModelNotFound: when no model has this name.
            AliasNotFound: when the model has no such alias.
            AliasChanged: when the alias is at another revision, or is changed by somebody else meanwhile.
            NothingToRollBack: when no version that still exists answered alone before what answers now.
        """
        seen = self.alias(name, alias).revision if expected is None else expected
        change = _change(name, alias, None, Action.ROLLBACK, by=by, reason=reason, expected=seen)
        while True:
            target = self.previous(name, alias)
            with suppress(VersionNotFound):  # deleted since it was found: one further back
                return self.metadata.change(replace(change, traffic=Traffic.to(target.number)))

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

    def history(self, name: str, query: HistoryQuery | None = None) -> Page[Entry]:
        """Return one page of what happened to a model, by default the latest fifty entries, the latest first.

        Raises:
            ModelNotFound: when no model ever had this name.
        """
        return self.metadata.history(check_name(name), query or HistoryQuery())

    def answering(self, name: str, alias: str = CHAMPION, *, when: datetime) -> Entry:
        """Return the entry that says what an alias pointed at in a moment.

        Raises:
            ModelNotFound: when no model ever had this name.
            AliasNotFound: when there was no such alias then.
        """
        check_name(alias, what="alias")
        found = self.history(name, HistoryQuery(alias=alias, until=when, size=1)).items
        if not found or found[0].after is None:
            raise AliasNotFound(f"{name} had no alias {alias!r} on {when:%Y-%m-%d %H:%M:%S %Z}")
        return found[0]

    @property
    def rollouts(self) -> Rollouts:
        """Where a version takes an alias over in steps."""
        return Rollouts(metadata=self.metadata, judge=self._passed)

    def gates(self, name: str) -> Gates:
        """Return what a version of a model must fulfil before it may answer as champion.

        Raises:
            ModelNotFound: when no model ever had this name.
        """
        return self.metadata.gates(check_name(name))

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
        answering = (self.metadata.version(name, share.version) for share in traffic.shares)
        known = {field for version in answering for field in version.manifest.signature.names}
        if traffic.field not in known:
            raise no_field(name, traffic.field, known)

    def _passed(self, change: Change, force: bool) -> Change:  # noqa: FBT001 - a callback's
        """Return a change that the gates have nothing against; as ``_judged`` where any could stand before it."""
        return self._judged(change, force=force) if change.alias == CHAMPION else change

    def _judged(self, change: Change, *, force: bool) -> Change:
        """Return the change, expecting the gates that it passed, and the state on which it passed them.

        Raises:
            AliasChanged, VersionNotFound: as ``direct``.
            PromotionRefused: when it does not pass them, and ``force`` does not say to go on.
        """
        gates = self.metadata.gates(change.name)
        if not gates.any:
            return replace(change, judged=gates)
        found = self._found(change.name, change.alias)
        check_expected(change, found)
        judged = replace(change, expected=found.revision if found else 0, judged=gates)
        refused = self._refused(judged, gates, found)
        if not refused:
            return judged
        if not force:
            raise PromotionRefused(
                "\n".join([*refused, "train or choose another version, change the gates, or force it"])
            )
        overridden = f"against the gates: {'; '.join(refused)}"
        reason = f"{change.reason}; {overridden}" if change.reason else overridden
        return replace(judged, forced=True, reason=reason)

    def _refused(self, change: Change, gates: Gates, found: Alias | None) -> list[str]:
        """Return what the gates have against a change of an alias that is found like this; nothing where it passes."""
        champion = self._measure(change.name, change.alias)
        answering = {share.version for share in found.traffic.shares} if found else set()
        refused: list[str] = []
        for share in change.traffic.shares if change.traffic else ():
            if share.version not in answering:
                version = self.metadata.version(change.name, share.version)
                against = None if champion is None or champion.number == version.number else self._contender(champion)
                failed = failed_gates(gates, self._contender(version), against, load=self.load)
                refused += [f"{version}: {reason}" for reason in failed]
        return refused

    def _measure(self, name: str, alias: str = CHAMPION) -> Version | None:
        """Return the version that others are held against: the alias's main one.

        Where the alias was dropped, it is the last main one that still exists: a drop leads round no gate.
        """
        with suppress(AliasNotFound):
            return self.metadata.aliased(name, alias)
        for entry in reversed(self._past(name, alias)):
            for traffic in (entry.after, entry.before):
                with suppress(VersionNotFound):
                    if traffic is not None:
                        return self.metadata.version(name, traffic.main)
        return None

    def _found(self, name: str, alias: str) -> Alias | None:
        try:
            return self.metadata.alias(name, alias)
        except AliasNotFound:
            return None

    def _contender(self, version: Version) -> Contender:
        return Contender(called=str(version), manifest=version.manifest, open=lambda: self.fetch(version))

    def _past(self, name: str, alias: str) -> list[Entry]:
        """Return all entries of an alias, the earliest first."""
        entries: list[Entry] = []
        while page := self.history(name, HistoryQuery(alias=alias, page=len(entries) // 1000 + 1, size=1000)).items:
            entries += page
            if len(page) < 1000:
                break
        return entries[::-1]


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
