"""What tutorials show for a whole file: pandas reads, the model predicts, pandas writes: ``score DATA OUT``."""

from __future__ import annotations

import sys

import pandas as pd

from benchmarks.peers.stored import Stored

if __name__ == "__main__":
    stored = Stored()
    rows = pd.read_csv(sys.argv[1])
    answers = stored.model.predict(rows if stored.framed else rows.to_numpy())
    pd.DataFrame({"prediction": answers}).to_csv(sys.argv[2], index=False)
