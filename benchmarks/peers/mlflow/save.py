"""Save the stored model as MLflow keeps models: ``python -m benchmarks.peers.mlflow.save FOLDER``."""

from __future__ import annotations

import sys

import mlflow.sklearn

from benchmarks.peers.stored import Stored

if __name__ == "__main__":
    mlflow.sklearn.save_model(Stored().model, sys.argv[1], serialization_format="cloudpickle")
