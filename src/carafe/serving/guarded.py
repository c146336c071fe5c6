"""A slow model that is asked directly: by a few requests at once, while a bounded number waits."""

from __future__ import annotations

from carafe.models import Features, Model
from carafe.schema import Prediction, Rows, Signature
from carafe.serving.refusals import Refusals
from carafe.serving.turnstile import Crowded, Full, Late, Turnstile


class GuardedModel:
    """A model behind a turnstile. Safe to use from several threads.

    More at once would make each slower, all of them late, and everything else in the process slow.

    Args:
        model: the version that answers.
        turnstile: who may ask it.
        limit: how many may wait there, for the message.
        large: from how many rows on a request passes by; such requests are bounded where bodies are taken in.
        refusals: for those who may not.
    """

    def __init__(self, model: Model, *, turnstile: Turnstile, limit: int, large: int, refusals: Refusals) -> None:
        self._model = model
        self._turnstile = turnstile
        self._limit = limit
        self._large = large
        self._refusals = refusals

    @property
    def signature(self) -> Signature:
        """The model's own."""
        return self._model.signature

    def predict(self, rows: Rows, *, probabilities: bool = False) -> Prediction:
        """Answer every row, when it is this request's turn.

        Raises:
            ServerBusy: when too many requests wait already, or this one waited as long as it may.
            DeadlineExceeded: when the time that its client gave is over.
            InvalidInput, InvalidParameter, PredictionFailed, and whatever else the model raises.
        """
        if rows.count >= self._large:
            return self._model.predict(rows, probabilities=probabilities)
        try:
            with self._turnstile.passing() as waited:
                prediction = self._model.predict(rows, probabilities=probabilities)
        except Full:
            raise self._refusals.full(self._limit) from None
        except Crowded:
            raise self._refusals.crowded() from None
        except Late as late:
            raise self._refusals.late(late.waited, given=late.given) from None
        prediction.waited = waited
        return prediction

    def transform(self, rows: Rows) -> Features:
        """Return the features after preprocessing, without waiting.

        Raises:
            InvalidInput, PredictionFailed: as the model does.
        """
        return self._model.transform(rows)
