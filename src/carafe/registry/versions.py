"""Finding versions, and their files: what a registry can be asked without changing anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from carafe.errors import CarafeError, CorruptArtefact, LoadFailed, MissingExtra, StorageUnavailable, VersionNotFound
from carafe.models import Artefact, Model
from carafe.models.artefact import load_model
from carafe.models.verification import open_artefact
from carafe.registry.absence import no_default
from carafe.registry.metadata import MetadataStore
from carafe.registry.query import MAX_SIZE, Item, Page, Query
from carafe.registry.store import ArtefactStore
from carafe.registry.version import RegisteredModel, Version
from carafe.schema import ModelRef
from carafe.schema.exchange import CHAMPION, check_name

MAX_NUMBER = 999_999_999
"""The highest version number that a reference can name."""

_WALKED = 100
"""How many versions are read at once by whoever walks through all: each brings its manifest along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """The part of a Registry that finds: models, versions, files."""

    metadata: MetadataStore
    artefacts: ArtefactStore
    key: bytes = field(repr=False)
    """The home's key for artefacts: what ``seal`` signs with and ``open_artefact`` verifies with."""
    load: Callable[[Artefact], Model] = field(default=load_model, repr=False)
    """Makes a model of verified files: of what is to answer, and of two versions that gates ask about the same rows."""

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
            return self.metadata.version(ref.name, checked_number(ref.name, ref.version))
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

    def every_model(self) -> Iterator[RegisteredModel]:
        """Return all models by name: each that is there all the while once, whatever comes and goes meanwhile."""
        return _walk(self.models, MAX_SIZE, lambda model: (model.name, 0))

    def every_version(self) -> Iterator[Version]:
        """Return the versions of all models by name and number, as ``every_model`` does models."""
        return _walk(self.versions, _WALKED, lambda version: (version.name, version.number))

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

    def loaded(self, version: Version) -> Model:
        """Return a version's model, verified and ready to answer.

        Raises:
            CorruptArtefact, NewerArtefact, VersionNotFound: as ``fetch``; CorruptArtefact, too, when the files are
                whole and yet no sound model, or one that answers otherwise than when it was sealed.
            MissingExtra: when it needs a library that is not installed.
            LoadFailed: when it can't be loaded here, whatever a library or the machine makes of it.
        """
        try:
            return self.load(self.fetch(version))
        except Exception as raised:
            raise unloadable(version, raised) from raised


def unloadable(version: Version, raised: BaseException) -> CarafeError:
    """Return the story of a failed load; whatever a loader raises, it says nothing of the files."""
    if isinstance(raised, CarafeError):
        return raised
    if isinstance(raised, ModuleNotFoundError):
        return MissingExtra.of(str(version), raised)
    return LoadFailed(f"{version} can't be loaded here ({type(raised).__name__}: {raised})")


def _walk(read: Callable[[Query], Page[Item]], size: int, place: Callable[[Item], tuple[str, int]]) -> Iterator[Item]:
    """Yield the items of all pages; each page begins after the last item of the one before, wherever that is by now."""
    query = Query(size=size)
    while found := read(query).items:
        yield from found
        if len(found) < size:
            return
        query = Query(size=size, after=place(found[-1]))


def checked_number(name: str, number: int) -> int:
    """Return a version's number if there can be such a one.

    Raises:
        VersionNotFound: when no version can have it.
    """
    if not 1 <= number <= MAX_NUMBER:
        raise VersionNotFound(f"{name} has no version {str(number)[:20]}: numbers go from 1 to {MAX_NUMBER}")
    return number


def _check_digest(found: Artefact, version: Version) -> None:
    if found.digest != version.digest:
        raise CorruptArtefact("manifest.json is not the one that was published as this version")
