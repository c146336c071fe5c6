"""What tutorials show: load the model, write a view, run it behind gunicorn."""

from __future__ import annotations

from flask import Flask, Response, jsonify, request

from benchmarks.peers.stored import Stored

app = Flask(__name__)
stored = Stored()


@app.post("/predict")
def predict() -> Response:
    """Answer one record."""
    return jsonify(prediction=stored.predict([request.get_json()])[0])
