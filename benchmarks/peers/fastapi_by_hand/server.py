"""What users of FastAPI write: load the model, write an endpoint. It never waits, so it needs no thread."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from benchmarks.peers.stored import Stored

app = FastAPI()
stored = Stored()


@app.post("/predict")
async def predict(record: dict[str, Any]) -> dict[str, Any]:
    """Answer one record."""
    return {"prediction": stored.predict([record])[0]}
