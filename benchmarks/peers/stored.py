"""The trained model in a peer's own environment. Imports only what the peer needs anyway."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import joblib

FOLDER = "BENCHMARK_MODEL"
"""The environment variable that names the folder of the trained model."""


class Stored:
    """The scikit-learn model and the columns it was fitted on."""

    def __init__(self) -> None:
        folder = Path(os.environ[FOLDER])
        self.model = joblib.load(folder / "model.joblib")
        table = json.loads((folder / "table.json").read_text())
        self.columns: list[str] = table["columns"]
        self.framed: bool = table["framed"]

    def table(self, records: list[dict[str, Any]]) -> Any:  # noqa: ANN401 - an array or a frame
        """Return records in the kind of table that the model was fitted on: the cheapest that is right."""
        if not self.framed:
            return [[record[name] for name in self.columns] for record in records]
        from pandas import DataFrame  # noqa: PLC0415 - not every peer needs it for models of plain numbers

        return DataFrame(records, columns=self.columns)

    def predict(self, records: list[dict[str, Any]]) -> list[Any]:
        """Return the answers to some records, as plain Python values."""
        answers: list[Any] = self.model.predict(self.table(records)).tolist()
        return answers
