"""``carafe.load``: a published version, verified and ready to answer in this process."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from carafe.api.answers import Answers
from carafe.api.home import registry_at
from carafe.models.artefact import load_model
from carafe.registry import Version
from carafe.schema import ModelRef

_NAMED = 5
"""How many columns the short form of a model names."""


def load(reference: str, *, home: str | Path | None = None) -> LoadedModel:
    """Return a published model.

    Args:
        reference: ``"houses"`` (its champion), ``"houses@3"`` (a version) or ``"houses@staging"`` (an alias).
        home: where models are kept; ``CARAFE_HOME``, or ``~/.carafe``, where not given.

    Raises:
        InvalidName: when the reference is not well formed.
        NotFound: when there is no such model, version or alias.
        CorruptArtefact: when the stored files were damaged or changed, or answer differently than when sealed.
        MissingExtra: when the version needs an optional dependency that is not installed.
    """
    with closing(registry_at(home)) as registry:
        version = registry.resolve(ModelRef.parse(reference))
        return LoadedModel(version=version, model=load_model(registry.fetch(version)))


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedModel(Answers):
    """One published version in this process."""

    version: Version
    """Which version it is: ``version.name``, ``version.number``, and in ``version.manifest`` all that is known."""

    def __repr__(self) -> str:
        names = self.signature.names
        columns = [*names[:_NAMED], *(["..."] if len(names) > _NAMED else [])]
        return f"LoadedModel({self.version}: {self.signature.target.name} from {', '.join(columns)})"
