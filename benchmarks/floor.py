"""The least that scoring a file takes: ``python -m benchmarks.floor KERNEL MODEL DATA OUT``.

polars reads, one kernel runs over one array, polars writes; nothing is checked. Prints the seconds of each.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl


class Floor(msgspec.Struct, frozen=True, kw_only=True):
    """The seconds of each step, without the start of Python and its imports."""

    read: float
    run: float
    write: float


def score(kernel: Callable[[Any], Any], data: Path, out: Path) -> Floor:
    """Read ``data``, run ``kernel`` over its values, write the answers."""
    begin = time.perf_counter()
    values = pl.read_csv(data).to_numpy()
    read = time.perf_counter()
    answers = np.asarray(kernel(values)).ravel()
    ran = time.perf_counter()
    pl.DataFrame({"prediction": answers}).write_csv(out)
    return Floor(read=read - begin, run=ran - read, write=time.perf_counter() - ran)


def numpy_kernel(folder: Path) -> Callable[[Any], Any]:
    """Return a linear model as a product with its weights."""
    line = json.loads((folder / "weights.json").read_text())
    weights, intercept = np.array(line["weights"]), line["intercept"]
    return lambda values: values @ weights + intercept


def onnx_kernel(folder: Path) -> Callable[[Any], Any]:
    """Return ONNX Runtime over what skl2onnx made of the model."""
    runtime = import_module("onnxruntime")  # the other kernels do without it
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = runtime.InferenceSession((folder / "model.onnx").read_bytes(), options)
    name = session.get_inputs()[0].name
    return lambda values: session.run(None, {name: values.astype(np.float32)})[0]


def sklearn_kernel(folder: Path) -> Callable[[Any], Any]:
    """Return the model as scikit-learn trained it."""
    model = import_module("joblib").load(folder / "model.joblib")
    answers: Callable[[Any], Any] = model.predict
    return answers


KERNELS = {"numpy": numpy_kernel, "onnx": onnx_kernel, "sklearn": sklearn_kernel}

if __name__ == "__main__":
    name, model, data, out = sys.argv[1:]
    print(msgspec.json.encode(score(KERNELS[name](Path(model)), Path(data), Path(out))).decode())
