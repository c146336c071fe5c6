"""What every loaded model can do, whatever it is made of."""

from __future__ import annotations

from typing import Protocol

from carafe.models.features import Features
from carafe.schema import Rows, Signature
from carafe.schema.prediction import Prediction


class Model(Protocol):
    """A model that has been verified and loaded. It is immutable, and safe to ask from several threads."""

    @property
    def signature(self) -> Signature:
        """The columns it takes and the target it answers with."""
        ...

    def predict(self, rows: Rows, *, probabilities: bool = False) -> Prediction:
        """Answer every row; ``rows`` fit the signature.

        Raises:
            InvalidParameter: when probabilities are asked of a model that gives none.
            InvalidInput: when the model knows a fixed set of categories and a row holds another one.
            PredictionFailed: when the model fails on these rows for any other reason.
        """
        ...

    def transform(self, rows: Rows) -> Features:
        """Return the features after preprocessing; a model without preprocessing returns its own columns.

        Raises:
            InvalidInput: as ``predict``.
            PredictionFailed: when the preprocessing fails, or its result is no table of numbers of a sane size.
        """
        ...
