"""A vetiver API, its prototype made of one row of the training table, as its documentation shows."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pandas as pd
from vetiver import VetiverAPI, VetiverModel

from benchmarks.peers.stored import FOLDER, Stored

row = json.loads((Path(os.environ[FOLDER]) / "row.json").read_text())
model = VetiverModel(Stored().model, model_name="model", prototype_data=pd.DataFrame([row]))
app = VetiverAPI(model, check_prototype=True).app
