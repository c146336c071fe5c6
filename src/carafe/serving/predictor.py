"""The one door: every protocol asks here, and whatever must happen for each prediction happens here once."""

from __future__ import annotations

import time
from collections.abc import Sequence

from carafe.errors import CarafeError, DeadlineExceeded, PredictionFailed
from carafe.models import Features
from carafe.schema import ModelRef, PredictRequest, PredictResponse, Rows
from carafe.schema.rows import count_unseen
from carafe.serving.catalog import Catalog
from carafe.serving.deadline import DEADLINE, check_deadline
from carafe.serving.observers import Answered, Observer, Observers
from carafe.serving.pointing import Target
from carafe.serving.served import Served
from carafe.serving.shadow import Shadowing
from carafe.serving.split import Split


class Predictor:
    """Asks the version that answers. Safe to use from several threads."""

    def __init__(self, *, catalog: Catalog, observers: Sequence[Observer] = ()) -> None:
        self._catalog = catalog
        self._observers = Observers.of(observers)
        self._shadowing = Shadowing(observers=self._observers)

    def default(self) -> ModelRef:
        """Return what a request that names no model asks.

        Raises:
            NoDefaultModel: when there are several models, or none, and none was chosen.
        """
        return self._catalog.default()

    def resolve(self, ref: ModelRef | None = None) -> Served:
        """Return the version that answers for ``ref``, or for the default model where it is None.

        Of an alias that shares its requests this is the main version: for whoever can't be given different ones.

        Raises:
            NotFound: when there is none.
            CorruptArtefact, LoadFailed, NewerArtefact, MissingExtra, StorageUnavailable: when it can't be loaded.
        """
        return self._catalog.get(ref)

    def route(self, ref: ModelRef | None = None) -> Target:
        """Return the version that answers for ``ref``, or the split that chooses one for each request.

        Raises:
            NotFound, CorruptArtefact, LoadFailed, NewerArtefact, MissingExtra, StorageUnavailable: as ``resolve``.
        """
        return self._catalog.route(ref)

    def predict(
        self, request: PredictRequest, *, served: Served | None = None, split: Split | None = None
    ) -> PredictResponse:
        """Answer every row of the request.

        Args:
            request: rows that fit the signature of the version that answers.
            served: what ``resolve`` returned when the rows were validated, so that a swap between the two steps can't
                hand them to a version with another signature.
            split: what ``route`` returned where that was a split; its shadows are asked afterwards.

        Raises:
            NotFound: as ``resolve``, where ``served`` was left out.
            DeadlineExceeded: when the answer would come too late (see `carafe.serving.deadline`).
            InvalidParameter: when probabilities are asked of a model that gives none.
            InvalidInput: when the model itself refuses a row.
            PredictionFailed: when it fails for any other reason.
        """
        served = served or self._catalog.get(request.model)
        if DEADLINE.get() is not None:
            self._check_deadline(served)
        began = time.perf_counter()
        try:
            prediction = served.model.predict(request.rows, probabilities=request.probabilities)
        except Exception as raised:
            raise self._story(served, raised) from raised
        response = PredictResponse(
            name=served.name,
            version=served.number,
            signature=served.signature,
            prediction=prediction,
            unseen=count_unseen(served.signature, request.rows),
        )
        if response.unseen or self._observers.hear_answered:
            self._tell(Answered(request=request, response=response, seconds=time.perf_counter() - began))
        if split is not None and split.shadows:
            self._shadowing.offer(split, request, response)
        return response

    def transform(self, rows: Rows, *, served: Served) -> Features:
        """Return the features that the model sees after preprocessing.

        Raises:
            DeadlineExceeded: when they would come too late.
            InvalidInput: when the model itself refuses a row.
            PredictionFailed: when the preprocessing fails.
        """
        if DEADLINE.get() is not None:
            self._check_deadline(served)
        try:
            return served.model.transform(rows)
        except Exception as raised:
            raise self._story(served, raised) from raised

    def close(self) -> None:
        """Ask no shadow any more."""
        self._shadowing.stop()

    def _check_deadline(self, served: Served) -> None:
        try:
            check_deadline()
        except DeadlineExceeded as late:
            error = DeadlineExceeded(f"{served}: {late}")
            self._observers.tell(lambda observer: observer.turned_away(served.name, served.number, error))
            raise error from None

    def _tell(self, event: Answered) -> None:
        self._observers.answered(event)
        if event.response.unseen:
            self._observers.tell(lambda observer: observer.met_unseen(event))

    def _story(self, served: Served, raised: Exception) -> CarafeError:
        """Return what to tell: a model's own refusal as it is, anything else as a failure of the model."""
        if isinstance(raised, CarafeError) and not isinstance(raised, PredictionFailed):
            return raised
        error = PredictionFailed(f"{served} failed: {raised}")
        self._observers.tell(lambda observer: observer.failed(served, error))
        return error
