"""What a model in this process can be asked, whether it was loaded or has just been trained."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from carafe.api.rows import rows_of
from carafe.errors import InvalidParameter
from carafe.models.features import Features
from carafe.models.model import Model
from carafe.schema import Signature, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """A model that answers in this process. Immutable, and safe to ask from several threads.

    Rows are a polars or pandas frame, an array of shape (n, columns) in signature order, a list of dictionaries or of
    lists, one dictionary, or one flat list. They are validated as strictly as a request.
    """

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
            raise InvalidParameter("probabilities: this model gives none; call predict")
        return chances

    def transform(self, rows: Any) -> Features:  # noqa: ANN401 - see the class
        """Return what the last step of the model sees: named features, float64 of shape (n, k).

        Raises:
            InvalidInput: as ``predict``.
            PredictionFailed: as ``predict``, or when the features are more numbers than memory should hold.
        """
        return self.model.transform(rows_of(self.signature, rows))
