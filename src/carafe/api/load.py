"""``carafe.load``: a published version, verified and ready to answer in this process."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from carafe.api.home import registry_at
from carafe.api.rows import rows_of
from carafe.errors import InvalidParameter
from carafe.models.artefact import load_model
from carafe.models.model import Model
from carafe.models.prediction import Features
from carafe.registry import Version
from carafe.schema import ModelRef, Signature, Task


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
    registry = registry_at(home)
    version = registry.resolve(ModelRef.parse(reference))
    return LoadedModel(version=version, model=load_model(registry.fetch(version), key=registry.key))


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedModel:
    """One version of a model in this process. Immutable, and safe to ask from several threads.

    Rows are a polars or pandas frame, an array of shape (n, columns) in signature order, a list of dictionaries or of
    lists, one dictionary, or one flat list. They are validated as strictly as a request.
    """

    version: Version
    """Which version it is: ``version.name``, ``version.number``, and in ``version.manifest`` all that is known."""
    model: Model = field(repr=False)
    """The model behind it, which takes encoded rows."""

    @property
    def signature(self) -> Signature:
        """The columns it takes, in order, and the target it answers with."""
        return self.model.signature

    @property
    def classes(self) -> NDArray[Any]:
        """The labels in their own type, in the order of the probabilities; empty for regression."""
        return np.array(self.signature.target.classes)

    def predict(self, rows: Any) -> NDArray[Any]:  # noqa: ANN401 - see the class
        """Return one answer a row, shape (n,): labels in their own type, or float64 in the unit of the target.

        Raises:
            InvalidInput: when rows do not fit the signature; names every field, what came and what was expected.
            PredictionFailed: when the model fails on rows that fit.
        """
        answer = self.model.predict(rows_of(self.signature, rows))
        values: NDArray[Any] = answer.values
        return self.classes[values] if self.signature.target.task is Task.CLASSIFICATION else values

    def predict_proba(self, rows: Any) -> NDArray[np.float64]:  # noqa: ANN401 - see the class
        """Return the probability of each class, float64 of shape (n, classes), in the order of ``classes``.

        Raises:
            InvalidInput: as ``predict``.
            InvalidParameter: when the model gives no probabilities: it is a regression, or its estimator has none.
            PredictionFailed: as ``predict``.
        """
        chances = self.model.predict(rows_of(self.signature, rows), probabilities=True).probabilities
        if chances is None:
            raise InvalidParameter(f"probabilities: {self.version} gives none; call predict")
        return chances

    def transform(self, rows: Any) -> Features:  # noqa: ANN401 - see the class
        """Return what the last step of the model sees: named features, float64 of shape (n, k).

        Raises:
            InvalidInput: as ``predict``.
            PredictionFailed: as ``predict``, or when the features are more numbers than memory should hold.
        """
        return self.model.transform(rows_of(self.signature, rows))
