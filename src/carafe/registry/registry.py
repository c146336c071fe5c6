"""The registry: the one door to models, their versions, and the aliases that point at versions."""

from __future__ import annotations

from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from carafe.errors import ModelNotFound, StorageUnavailable
from carafe.models import Artefact
from carafe.models.artefact import reseal
from carafe.models.verification import open_artefact
from carafe.registry.aliases import Aliases
from carafe.registry.bundle import Label, pack, unpack
from carafe.registry.comparison import Comparison, Contender, NotComparable, compare
from carafe.registry.gates import failed_gates
from carafe.registry.history import said
from carafe.registry.metadata import Draft
from carafe.registry.promotion import Opinion, Promotion, judge
from carafe.registry.query import Query, Sort
from carafe.registry.version import Version
from carafe.registry.versions import checked_number
from carafe.schema import ModelRef
from carafe.schema.exchange import CHAMPION, check_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry(Aliases):
    """Publish, find, promote, fetch and delete versions. Safe to use from several threads and processes.

    What it finds with is in ``Versions`` and ``Record``, what moves aliases in ``Judging`` and ``Aliases``; what comes
    and goes is here. Every method that names a model raises InvalidName for a name that no model can have, and
    StorageUnavailable when the database or the disk can't be used now.
    """

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
        opinion = self._opinion(name, promote, sealed)
        with self.artefacts.keep(staged) as artefact:
            draft = Draft(
                name=name,
                created=datetime.now(UTC),
                digest=sealed.digest,
                artefact=artefact,
                manifest=sealed.manifest,
                by=said(by, what="by"),
                reason=said(reason, what="reason"),
            )
            return self.metadata.add(draft, judge=lambda standing: judge(promote, opinion, standing))

    # --- changing ---

    def delete(self, name: str, number: int, *, by: str = "") -> None:
        """Delete a version and its files. Its number is never used again.

        Raises:
            ModelNotFound: when no model has this name.
            VersionNotFound: when the model has no such version.
            VersionInUse: when an alias points at it, or a rollout that goes on needs it.
        """
        gone = self.metadata.remove(
            check_name(name), checked_number(name, number), when=datetime.now(UTC), by=said(by, what="by")
        )
        with suppress(StorageUnavailable):  # the version is gone all the same; its files are an orphan now
            self.artefacts.remove(gone.artefact)

    # --- travelling ---

    def export(self, ref: ModelRef, file: Path) -> Version:
        """Write a version into one file, for ``import_`` in another home, and return the version.

        An older one is replaced, and no other file. It holds no secret of this home.

        Raises:
            ModelNotFound, VersionNotFound, AliasNotFound: as ``resolve``.
            CorruptArtefact: as ``fetch``.
            OutputUnavailable: when the file can't be written.
        """
        version = self.resolve(ref)
        pack(self.fetch(version).folder, file, Label(name=version.name, number=version.number))
        return version

    def import_(self, file: Path, name: str | None = None, *, by: str = "", reason: str = "") -> Version:
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
            told = f"{origin}; {reason}" if reason.strip() else origin
            return self.publish(name=name or label.name, staged=folder, by=by, reason=told)

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

    def _opinion(self, name: str, promote: Promotion, sealed: Artefact) -> Opinion:
        """Hold a new version against the champion, where it is to take its place: models may have to be loaded."""
        try:
            gates = self.metadata.gates(name)
        except ModelNotFound:
            return Opinion(held=promote is Promotion.IF_BETTER)
        candidate = Contender(called="the new version", manifest=sealed.manifest, open=lambda: sealed)
        if promote is Promotion.FIRST_ONLY:  # matters where all versions were deleted: there is none to compare with
            return Opinion(gates=gates, failed=failed_gates(gates, candidate, None, load=self.load))
        champion, measure = None, None
        with suppress(ModelNotFound):  # all its versions were deleted
            champion, measure = self._found(name, CHAMPION), self._measure(name)
        against = None if measure is None else self._contender(measure)
        compared: Comparison | str = ""
        if promote is Promotion.IF_BETTER and champion is not None and against is not None:
            # What must be better need not be asked, too, whether it is worse.
            left, compared = msgspec.structs.replace(gates, worse_by=None), self._compared(candidate, against)
        else:
            left = gates
        return Opinion(
            champion=None if champion is None else champion.number,
            held=gates.any or promote is Promotion.IF_BETTER,
            gates=gates,
            failed=failed_gates(left, candidate, against, load=self.load),
            compared=compared,
        )

    def _compared(self, candidate: Contender, champion: Contender) -> Comparison | str:
        try:
            return compare(candidate, champion, load=self.load)
        except NotComparable as reason:
            return str(reason)
