"""Events as serving tells them, for the tests of what observes."""

from __future__ import annotations

from typing import Any

import numpy as np

from carafe.schema import ModelRef, Prediction, PredictRequest, PredictResponse, Rows, Signature
from carafe.schema.rows import encode_records
from carafe.serving import Answered, Finished, Served
from carafe.testing.metadata_examples import example_manifest
from served import HOUSES, RuleModel, houses_rule

HOUSES_CHAMPION = ModelRef.parse("houses")
PREDICT = "/models/<name>/predict"


def served(name: str = "houses", number: int = 1) -> Served:
    """Return a loaded version."""
    return Served(name=name, number=number, manifest=example_manifest(), model=RuleModel(HOUSES, houses_rule))


def finished(**changes: Any) -> Finished:  # noqa: ANN401 - fields of any type
    """Return an event of a request, changed as said."""
    usual: dict[str, Any] = {
        "route": PREDICT,
        "method": "POST",
        "status": 200,
        "seconds": 0.0002,
        "request_id": "abc",
        "asked": HOUSES_CHAMPION,
        "rows": 1,
    }
    return Finished(**usual | changes)


def answered(
    records: list[object], *, signature: Signature = HOUSES, prediction: Prediction | None = None, number: int = 1
) -> Answered:
    """Return an event of an answer; each row is answered with its position."""
    rows: Rows = encode_records(signature, records)
    return Answered(
        request=PredictRequest(model=ModelRef(name="houses", version=number), rows=rows, id="request-1"),
        response=PredictResponse(
            name="houses",
            version=number,
            signature=signature,
            prediction=prediction or Prediction(values=np.arange(len(records), dtype=np.float64)),
        ),
        seconds=0.001,
    )
