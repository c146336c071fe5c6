"""The registry: the one door to models, their versions, and the aliases that point at versions."""

from __future__ import annotations

from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from carafe.errors import AliasNotFound, CorruptArtefact, NothingToRollBack, StorageUnavailable, VersionNotFound
from carafe.models import Artefact
from carafe.models.artefact import reseal
from carafe.models.verification import open_artefact
from carafe.registry.absence import no_default
from carafe.registry.bundle import Label, pack, unpack
from carafe.registry.history import Action, Change, Entry, HistoryQuery, said, settled_before
from carafe.registry.metadata import Draft, MetadataStore
from carafe.registry.promotion import Promotion, judge
from carafe.registry.query import Page, Query, Sort
from carafe.registry.store import ArtefactStore
from carafe.registry.traffic import Traffic
from carafe.registry.version import Alias, RegisteredModel, Version
from carafe.schema import ModelRef
from carafe.schema.exchange import CHAMPION, check_name

MAX_NUMBER = 999_999_999
"""The highest version number that a reference can name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """Publish, find, promote, fetch and delete versions. Safe to use from several threads and processes.

    Every method that names a model raises InvalidName for a name that no model can have, and StorageUnavailable when
    the database or the disk can't be used now.
    """

    metadata: MetadataStore
    artefacts: ArtefactStore
    key: bytes = field(repr=False)
    """The home's key for artefacts: what ``seal`` signs with and ``open_artefact`` verifies with."""

    # --- publishing ---

    def staging(self) -> AbstractContextManager[Path]:
        """Yield an empty private folder in which to seal an artefact; it is gone after the block."""
        self.tidy()
        return self.artefacts.staging()

    def publish(
        self,
        *,
        name: str,
        staged: Path,
        promote: Promotion = Promotion.FIRST_ONLY,
        by: str = "",
        reason: str = "",
    ) -> Version:
        """Make a sealed folder the model's next version; the folder is moved into the store.

        When this returns the version survives a power cut; when it fails, or the process dies before it returns, there
        is no trace of a version. ``Version.verdict`` says why it became champion or why not. The history keeps who
        did it and why.

        Raises:
            CorruptArtefact: when the folder is not as it was sealed, or not by this home.
        """
        check_name(name)
        sealed = open_artefact(staged, key=self.key)
        manifest, now = sealed.manifest, datetime.now(UTC)
        with self.artefacts.keep(staged) as artefact:
            draft = Draft(
                name=name,
                created=now,
                digest=sealed.digest,
                artefact=artefact,
                manifest=manifest,
                by=said(by, what="by"),
                reason=said(reason, what="reason"),
            )
            return self.metadata.add(draft, judge=lambda standing: judge(promote, manifest, standing))

    # --- finding ---

    def generation(self) -> int:
        """Return a number that grows with every change of any version or alias; cheap enough to poll."""
        return self.metadata.generation()

    def resolve(self, ref: ModelRef) -> Version:
        """Return the version that a reference means now; of an alias that shares its requests, the main one.

        Raises:
            ModelNotFound: when no model has this name.
            VersionNotFound: when the model has no such version.
            AliasNotFound: when the model has no such alias.
        """
        check_name(ref.name)
        if ref.version is not None:
            return self.metadata.version(ref.name, _checked(ref.name, ref.version))
        return self.metadata.aliased(ref.name, check_name(ref.alias or CHAMPION, what="alias"))

    def default(self, chosen: str | None = None) -> ModelRef:
        """Return the reference meant by a request that names no model: the one that was chosen, or the only one.

        Raises:
            NoDefaultModel: when none was chosen and there is not exactly one model.
        """
        if chosen:
            return ModelRef.parse(chosen)
        some = self.metadata.models(Query(size=11)).items
        if len(some) != 1:
            raise no_default(model.name for model in some)
        return ModelRef.parse(some[0].name)

    def model(self, name: str) -> RegisteredModel:
        """Return what is known about a model.

        Raises:
            ModelNotFound: when there is none of that name.
        """
        return self.metadata.model(check_name(name))

    def models(self, query: Query | None = None) -> Page[RegisteredModel]:
        """Return one page of the models, by default the first fifty by name."""
        return self.metadata.models(query or Query())

    def versions(self, query: Query | None = None, *, name: str | None = None) -> Page[Version]:
        """Return one page of the versions of one model, or of all models, by default ordered by name and number.

        Raises:
            ModelNotFound: when there is no model of that name.
        """
        return self.metadata.versions(query or Query(), name=None if name is None else check_name(name))

    def fetch(self, version: Version) -> Artefact:
        """Return a version's files, once signature and digests hold; nobody needs to check them again.

        Raises:
            CorruptArtefact: when the files are damaged, changed or gone; what is left of them is put aside.
            NewerArtefact: when a newer Carafe wrote them.
            VersionNotFound: when the version was deleted meanwhile.
        """
        try:
            found = open_artefact(self.artefacts.fetch(version.artefact), key=self.key)
            _check_digest(found, version)
        except CorruptArtefact as error:
            self.metadata.version(version.name, version.number)
            with suppress(StorageUnavailable):  # a disk that takes no changes is no reason to hide the damage
                self.artefacts.quarantine(version.artefact)
            raise CorruptArtefact(f"{version}: {error}; publish or import it again") from error
        return found

    # --- aliases ---

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
    ) -> Entry:
        """Let an alias point at the version that ``ref`` means now, and return the entry that the history has of it.

        Args:
            ref: the version, or an alias for the main version that it points at now.
            alias: what is to point at it.
            by: who asks for it.
            reason: why.
            expected: the revision that the alias must have, 0 for none yet; None where any will do.

        Raises:
            ModelNotFound, VersionNotFound, AliasNotFound: as ``resolve``.
            AliasChanged: when the alias is at another revision.
        """
        traffic = Traffic.to(self.resolve(ref).number)
        return self.direct(ref.name, alias, traffic, by=by, reason=reason, expected=expected, action=Action.PROMOTE)

    def direct(
        self,
        name: str,
        alias: str,
        traffic: Traffic,
        *,
        by: str = "",
        reason: str = "",
        expected: int | None = None,
        action: Action = Action.TRAFFIC,
    ) -> Entry:
        """Let an alias share its requests among versions, or ask shadows; as ``promote`` otherwise.

        Raises:
            ModelNotFound: when no model has this name.
            VersionNotFound: when the model has not every version that the traffic names.
            AliasChanged: when the alias is at another revision.
        """
        return self._change(name, alias, traffic, action, by=by, reason=reason, expected=expected)

    def rollback(
        self, name: str, alias: str = CHAMPION, *, by: str = "", reason: str = "", expected: int | None = None
    ) -> Entry:
        """Point an alias back at the version that answered alone before what answers now; again, one further back.

        Raises:
            ModelNotFound: when no model has this name.
            AliasNotFound: when the model has no such alias.
            AliasChanged: when the alias is at another revision, or is changed by somebody else meanwhile.
            NothingToRollBack: when it never pointed at another version that still exists.
        """
        found = self.alias(name, alias)
        for number in settled_before(self._past(name, alias)):
            with suppress(VersionNotFound):
                return self._change(
                    name,
                    alias,
                    Traffic.to(self.metadata.version(name, number).number),
                    Action.ROLLBACK,
                    by=by,
                    reason=reason,
                    expected=found.revision if expected is None else expected,
                )
        raise NothingToRollBack(
            f"{name}@{alias} ({found.traffic}) never pointed at another version that still exists: promote one"
        )

    def drop_alias(self, name: str, alias: str, *, by: str = "", expected: int | None = None) -> Entry:
        """Forget an alias; the versions that it pointed at stay.

        Raises:
            ModelNotFound: when no model has this name.
            AliasNotFound: when the model has no such alias.
            AliasChanged: when the alias is at another revision.
        """
        return self._change(name, alias, None, Action.DROP, by=by, expected=expected)

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

    # --- changing ---

    def delete(self, name: str, number: int, *, by: str = "") -> None:
        """Delete a version and its files. Its number is never used again.

        Raises:
            ModelNotFound: when no model has this name.
            VersionNotFound: when the model has no such version.
            VersionInUse: when an alias points at it.
        """
        gone = self.metadata.remove(
            check_name(name), _checked(name, number), when=datetime.now(UTC), by=said(by, what="by")
        )
        with suppress(StorageUnavailable):  # the version is gone all the same; its files are an orphan now
            self.artefacts.remove(gone.artefact)

    # --- travelling ---

    def export(self, ref: ModelRef, file: Path) -> Version:
        """Write a version into one file, for ``import_`` in another home, and return the version.

        A file that exists is replaced. It holds no secret of this home.

        Raises:
            ModelNotFound, VersionNotFound, AliasNotFound: as ``resolve``.
            CorruptArtefact: as ``fetch``.
            StorageUnavailable: when the file can't be written.
        """
        version = self.resolve(ref)
        pack(self.fetch(version).folder, file, Label(name=version.name, number=version.number))
        return version

    def import_(self, file: Path, name: str | None = None, *, by: str = "") -> Version:
        """Make an exported file the next version of the model it came from, or of ``name``, and return the version.

        Every digest is checked, and the model is loaded once and must repeat its golden predictions. That proves it
        whole, not harmless or good: import only what comes from someone you trust. A refused file leaves no trace.

        Raises:
            CorruptArtefact: when it is not, or no longer, what ``export`` wrote.
            NewerArtefact: when a newer Carafe wrote it.
        """
        if name is not None:
            check_name(name)
        with self.staging() as folder:
            label = unpack(file, folder)
            reseal(folder, key=self.key)
            origin = f"imported {label.name}@{label.number}"
            return self.publish(name=name or label.name, staged=folder, by=by, reason=origin)

    # --- housekeeping ---

    def collect_orphans(self) -> int:
        """Delete files that a crash left behind and no version knows; return how many artefacts that were.

        Does nothing while another process publishes. Not to be called on a home whose database was lost: every file
        would be an orphan.
        """
        return len(self.artefacts.collect(self.metadata.artefacts))

    def tidy(self) -> None:
        """Delete what crashes left behind since the first model was published, as far as that can be done now.

        Called whenever a service starts or something is about to be published, so that nobody else needs to. What is
        older than everything that the database knows stays: it belongs to a database that was lost, or is elsewhere.
        """
        with suppress(StorageUnavailable):
            first = self.metadata.models(Query(size=1, sort=Sort.CREATED)).items
            if first:
                self.artefacts.collect(self.metadata.artefacts, after=first[0].created)

    def close(self) -> None:
        """Let go of what is held open."""
        self.metadata.close()
        self.artefacts.close()

    def _change(
        self,
        name: str,
        alias: str,
        traffic: Traffic | None,
        action: Action,
        *,
        by: str = "",
        reason: str = "",
        expected: int | None = None,
    ) -> Entry:
        change = Change(
            name=check_name(name),
            alias=check_name(alias, what="alias"),
            traffic=traffic,
            action=action,
            when=datetime.now(UTC),
            by=said(by, what="by"),
            reason=said(reason, what="reason"),
            expected=expected,
        )
        return self.metadata.change(change)

    def _past(self, name: str, alias: str) -> list[Entry]:
        """Return all entries of an alias, the earliest first."""
        entries: list[Entry] = []
        while page := self.history(name, HistoryQuery(alias=alias, page=len(entries) // 1000 + 1, size=1000)).items:
            entries += page
            if len(page) < 1000:
                break
        return entries[::-1]


def _checked(name: str, number: int) -> int:
    if not 1 <= number <= MAX_NUMBER:
        raise VersionNotFound(f"{name} has no version {str(number)[:20]}: numbers go from 1 to {MAX_NUMBER}")
    return number


def _check_digest(found: Artefact, version: Version) -> None:
    if found.digest != version.digest:
        raise CorruptArtefact("manifest.json is not the one that was published as this version")
