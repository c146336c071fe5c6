"""Whether a change of an alias may be made: it expects what there is, what it names can be loaded, the gates let it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from carafe.errors import AliasChanged, CarafeError, DeadlineExceeded, NotFound, PromotionRefused
from carafe.registry.comparison import Contender
from carafe.registry.gates import Gates, failed_gates
from carafe.registry.history import Action, Change
from carafe.registry.moved import check_expected
from carafe.registry.record import Record
from carafe.registry.version import Alias, Version
from carafe.schema import ModelRef
from carafe.schema.exchange import CHAMPION

Trial = Callable[[ModelRef, Sequence[Version], Sequence[Version]], None]
"""Raises where an alias can't have versions loaded at once: given it, them, and which of them it has not yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging(Record):
    """The part of a Registry that says whether an alias may be changed.

    Whatever an alias does not answer with yet, or ask along, is loaded first; what then answers as ``champion`` must
    pass the model's gates, however it is let in. ``force`` goes through both, and the history tells of it.
    """

    trial: Trial | None = field(default=None, repr=False)
    """How a running service loads what an alias is to point at, beside all else that it has loaded. Where there is
    none, each version is loaded by itself, and let go of."""

    def admitted(self, change: Change, *, force: bool = False) -> Change:
        """Return a change that nothing stands against, as it is to be made.

        Raises:
            ModelNotFound, VersionNotFound: when there is no such model, or not every version that is named.
            AliasChanged: when the alias is at another revision than the change expects.
            CorruptArtefact, LoadFailed, NewerArtefact, MissingExtra, StorageUnavailable: when one can't be loaded.
            StillLoading, ModelTooLarge: when a service can't have it loaded.
            PromotionRefused: when a version that is to answer as champion does not pass the gates.
        """
        return self._passed(self._tried(change, force=force), force=force)

    def _tried(self, change: Change, *, force: bool) -> Change:
        """Return the change, once what it lets an alias have that it has not yet was loaded; as ``admitted``."""
        try:
            return self._loaded_first(change)
        except CarafeError as error:
            return gone_through(change, error, force=force)

    def _loaded_first(self, change: Change) -> Change:
        """Return the change, once all it needs was loaded; as ``admitted``, and nothing is forced."""
        found = self._found(change.name, change.alias)
        check_expected(change, found)
        together, fresh = self._together(change, found), _fresh(change, found)
        if fresh:
            self._try(
                ModelRef(name=change.name, alias=change.alias),
                together,
                [version for version in together if version.number in fresh],
            )
        if len(fresh) == len(together):
            return change
        return replace(change, expected=found.revision if found else 0)  # it may lose meanwhile what it had

    def _together(self, change: Change, found: Alias | None) -> list[Version]:
        """Return the versions that must be loaded at once: a rollout keeps what it began with until it has ended."""
        named = change.traffic.numbers if change.traffic is not None else ()
        if change.action is Action.ROLLOUT and found is not None:
            named = (*found.traffic.numbers, *named)
        return [self.resolve(ModelRef(name=change.name, version=number)) for number in dict.fromkeys(named)]

    def _try(self, ref: ModelRef, together: Sequence[Version], fresh: Sequence[Version]) -> None:
        if self.trial is not None:
            self.trial(ref, together, fresh)
            return
        for version in fresh:
            self.loaded(version)

    def _passed(self, change: Change, *, force: bool) -> Change:
        """Return a change that the gates have nothing against; as ``_judged`` where any could stand before it."""
        return self._judged(change, force=force) if change.alias == CHAMPION else change

    def _judged(self, change: Change, *, force: bool) -> Change:
        """Return the change, expecting the gates that it passed, and the state on which it passed them.

        Raises:
            AliasChanged, VersionNotFound: as ``admitted``.
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
        return _forced(judged, f"against the gates: {'; '.join(refused)}")

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

    def _contender(self, version: Version) -> Contender:
        return Contender(called=str(version), manifest=version.manifest, open=lambda: self.fetch(version))


def _fresh(change: Change, found: Alias | None) -> frozenset[int]:
    """Return the versions that an alias is to have and has not yet, by number.

    What is asked along has not been loaded for sure: a shadow that can't be is left out.
    """
    wanted = change.traffic
    if wanted is None or found is None:
        return frozenset(wanted.numbers if wanted else ())
    has = found.traffic
    known = {share.version for share in has.shares} | (set(has.shadows) & set(wanted.shadows))
    return frozenset(wanted.numbers) - known


def gone_through(change: Change, error: CarafeError, *, force: bool) -> Change:
    """Return a change that is made although a load failed, and says so; raise what failed where that can't be.

    No force goes through what is not there, or was changed meanwhile; nor on where nobody waits for it any more.
    """
    if not force or isinstance(error, AliasChanged | NotFound | DeadlineExceeded):
        raise error
    title = error.title[:1].lower() + error.title[1:]
    return _forced(change, f"against a load that failed: {title} ({error.slug})")


def told_as(reason: str, more: str) -> str:
    """Return what somebody said of a change, and what there is to be said besides."""
    return f"{reason}; {more}" if reason else more


def _forced(change: Change, against: str) -> Change:
    return replace(change, forced=True, reason=told_as(change.reason, against))
