"""What training and serving share: the signature of a model, and rows that fit it.

* ``signature``: Column, Target, Signature: what a model takes and what it answers.
* ``rows``: Rows, and the strict encoding of plain Python records into them. ``values``: that of one value.
* ``prediction``: Prediction: what a model answers.
* ``exchange``: ModelRef, PredictRequest, PredictResponse: what every protocol decodes to and encodes from.
* ``json_schema``: the same signature as a JSON Schema document.
"""

from carafe.schema.exchange import ModelRef, PredictRequest, PredictResponse
from carafe.schema.prediction import Prediction
from carafe.schema.rows import Rows
from carafe.schema.signature import Column, Kind, Label, Signature, Target, Task

__all__ = [
    "Column",
    "Kind",
    "Label",
    "ModelRef",
    "PredictRequest",
    "PredictResponse",
    "Prediction",
    "Rows",
    "Signature",
    "Target",
    "Task",
]
