from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from carafe.errors import CarafeError, InvalidParameter, PredictionFailed
from carafe.registry import Promotion, Registry, memory_registry
from carafe.schema import ModelRef, PredictRequest
from carafe.schema.rows import encode_records
from carafe.serving import Answered, Catalog, Observer, Predictor, Served
from served import HOUSES, load_rule, publish_rule

REF = ModelRef.parse("houses")
ROWS = encode_records(HOUSES, [[50, 3], [60, None]])


class Noticed(Observer):
    def __init__(self) -> None:
        self.answers: list[Answered] = []
        self.failures: list[tuple[str, str]] = []

    def answered(self, event: Answered) -> None:
        self.answers.append(event)

    def failed(self, served: Served, error: CarafeError) -> None:
        self.failures.append((str(served), error.slug))


@pytest.fixture
def registry() -> Iterator[Registry]:
    found = memory_registry()
    for name in ("houses", "broken"):
        publish_rule(found, name, name)
    yield found
    found.close()


@pytest.fixture
def noticed() -> Noticed:
    return Noticed()


@pytest.fixture
def catalog(registry: Registry) -> Catalog:
    return Catalog(registry=registry, load=load_rule)


@pytest.fixture
def predictor(catalog: Catalog, noticed: Noticed) -> Predictor:
    return Predictor(catalog=catalog, observers=[noticed])


def test_every_row_is_answered_by_the_version_that_is_meant(predictor: Predictor, noticed: Noticed) -> None:
    response = predictor.predict(PredictRequest(model=REF, rows=ROWS))
    assert response.prediction.values.tolist() == [8000.0, 8000.0]
    assert (response.name, response.version, response.prediction.probabilities) == ("houses", 1, None)
    (event,) = noticed.answers
    assert event.response is response
    assert event.request.rows is ROWS
    assert event.seconds >= 0


def test_a_swap_between_validation_and_answer_changes_nothing(
    registry: Registry, catalog: Catalog, predictor: Predictor
) -> None:
    served = predictor.resolve(REF)
    publish_rule(registry, "houses", "cheap houses", promote=Promotion.ALWAYS)
    catalog.refresh()
    request = PredictRequest(model=REF, rows=ROWS)
    assert predictor.predict(request, served=served).version == 1
    assert predictor.predict(request).version == 2


def test_a_model_that_fails_is_told_as_a_failed_prediction(predictor: Predictor, noticed: Noticed) -> None:
    with pytest.raises(PredictionFailed, match="broken@1 failed") as caught:
        predictor.predict(PredictRequest(model=ModelRef.parse("broken"), rows=ROWS))
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert noticed.failures == [("broken@1", "prediction-failed")]
    assert noticed.answers == []


def test_a_models_own_refusal_is_told_as_it_is(predictor: Predictor, noticed: Noticed) -> None:
    with pytest.raises(InvalidParameter, match="predicts a number"):
        predictor.predict(PredictRequest(model=REF, rows=ROWS, probabilities=True))
    assert noticed.failures == []


def test_features_are_what_the_model_sees(predictor: Predictor) -> None:
    features = predictor.transform(ROWS, served=predictor.resolve(REF))
    assert features.names == ("area", "bedrooms")
    assert np.array_equal(features.matrix, np.array([[50, 3], [60, np.nan]]), equal_nan=True)
