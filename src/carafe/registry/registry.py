"""The registry: the one door to models, their versions, and the aliases that point at versions."""

from __future__ import annotations

from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from carafe.errors import CorruptArtefact, StorageUnavailable, VersionNotFound
from carafe.models import Artefact
from carafe.models.artefact import reseal
from carafe.models.verification import open_artefact
from carafe.registry.absence import no_default
from carafe.registry.bundle import Label, pack, unpack
from carafe.registry.metadata import Draft, MetadataStore
from carafe.registry.promotion import Promotion, judge
from carafe.registry.query import Page, Query
from carafe.registry.store import ArtefactStore
from carafe.registry.version import RegisteredModel, Version
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
        return self.artefacts.staging()

    def publish(self, *, name: str, staged: Path, promote: Promotion = Promotion.FIRST_ONLY) -> Version:
        """Make a sealed folder the model's next version; the folder is moved into the store.

        When this returns the version survives a power cut; when it fails, or the process dies before it returns, there
        is no trace of a version. ``Version.verdict`` says why it became champion or why not.

        Raises:
            CorruptArtefact: when the folder is not as it was sealed, or not by this home.
        """
        check_name(name)
        sealed = open_artefact(staged, key=self.key)
        manifest, now = sealed.manifest, datetime.now(UTC)
        with self.artefacts.keep(staged) as artefact:
            draft = Draft(name=name, created=now, digest=sealed.digest, artefact=artefact, manifest=manifest)
            return self.metadata.add(draft, judge=lambda standing: judge(promote, manifest, standing))

    # --- finding ---

    def generation(self) -> int:
        """Return a number that grows with every change of any version or alias; cheap enough to poll."""
        return self.metadata.generation()

    def resolve(self, ref: ModelRef) -> Version:
        """Return the version that a reference means now.

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

    # --- changing ---

    def promote(self, ref: ModelRef, *, alias: str = CHAMPION) -> Version:
        """Let an alias point at the version that ``ref`` means now, and return that version.

        Raises:
            ModelNotFound, VersionNotFound, AliasNotFound: as ``resolve``.
        """
        check_name(alias, what="alias")
        return self.metadata.point(ref.name, alias, self.resolve(ref).number, when=datetime.now(UTC))

    def drop_alias(self, name: str, alias: str) -> None:
        """Forget an alias; the version that it pointed at stays.

        Raises:
            ModelNotFound: when no model has this name.
            AliasNotFound: when the model has no such alias.
        """
        self.metadata.drop(check_name(name), check_name(alias, what="alias"))

    def delete(self, name: str, number: int) -> None:
        """Delete a version and its files. Its number is never used again.

        Raises:
            ModelNotFound: when no model has this name.
            VersionNotFound: when the model has no such version.
            VersionInUse: when an alias points at it.
        """
        gone = self.metadata.remove(check_name(name), _checked(name, number))
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

    def import_(self, file: Path, name: str | None = None) -> Version:
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
            return self.publish(name=name or label.name, staged=folder)

    # --- housekeeping ---

    def collect_orphans(self) -> int:
        """Delete files that a crash left behind and no version knows; return how many artefacts that were.

        Does nothing while another process publishes. Not to be called on a home whose database was lost: every file
        would be an orphan.
        """
        return len(self.artefacts.collect(self.metadata.artefacts))

    def close(self) -> None:
        """Let go of what is held open."""
        self.metadata.close()
        self.artefacts.close()


def _checked(name: str, number: int) -> int:
    if not 1 <= number <= MAX_NUMBER:
        raise VersionNotFound(f"{name} has no version {str(number)[:20]}: numbers go from 1 to {MAX_NUMBER}")
    return number


def _check_digest(found: Artefact, version: Version) -> None:
    if found.digest != version.digest:
        raise CorruptArtefact("manifest.json is not the one that was published as this version")
