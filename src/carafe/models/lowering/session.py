"""An ONNX Runtime session that answers one row as cheaply as it can, and many in one call.

A row goes through memory that is bound once for each thread: no array is made, no name looked up. With a small graph
that takes a quarter of the time of ``InferenceSession.run``, with a forest of 100 trees half of it.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from carafe.errors import CorruptArtefact, PredictionFailed
from carafe.models.failure import failed_load

if TYPE_CHECKING:
    import onnxruntime

INPUT = "X"
"""The one input of every graph that Carafe stores: float64 of shape (n, width)."""

OUTPUT = "Y"
"""The one output: float64 of shape (n, outputs)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Memory:
    """One thread's bound memory: what runs a row through it, and where the answers stand afterwards."""

    run: Callable[[Sequence[float]], None]
    given: NDArray[np.float64]
    read: Callable[[], list[float]]


class Session:
    """A loaded graph with one input and one output. Safe to ask from several threads.

    Args:
        content: the graph.
        width: how many numbers a row has.
        outputs: how many numbers it answers with for each row.
        single: whether the numbers are rounded to single precision first, as scikit-learn's trees do.

    Raises:
        CorruptArtefact: when ONNX Runtime can't load the graph, or it takes or gives something else.
    """

    def __init__(self, content: bytes, *, width: int, outputs: int, single: bool = False) -> None:
        self._width, self._outputs, self._single = width, outputs, single
        self._session = _load(content)
        _check(self._session, width=width, outputs=outputs)
        self._own = threading.local()

    def run(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the answers for a matrix of shape (n, width): float64 of shape (n, outputs).

        Raises:
            PredictionFailed: when ONNX Runtime fails.
        """
        taken = rounded(matrix) if self._single else np.ascontiguousarray(matrix)
        try:
            answers: NDArray[np.float64] = self._session.run([OUTPUT], {INPUT: taken})[0]
        except Exception as error:  # ONNX Runtime's own errors have no base class of their own
            raise PredictionFailed(f"the model fails on these rows: {error}") from error
        return answers

    def row(self, values: Sequence[float]) -> list[float]:
        """Return the answers for one row of ``width`` numbers.

        Raises:
            OverflowError: when a finite number has no single-precision neighbour, and that is asked for.
        """
        own = self._memory()
        own.run(values)
        return own.read()

    def indices(self, values: Sequence[float]) -> NDArray[np.intp]:
        """Return the answers for one row as whole numbers, for a graph that gives such; raises what ``row`` does."""
        own = self._memory()
        own.run(values)
        return own.given.astype(np.intp)

    def _memory(self) -> _Memory:
        try:
            memory: _Memory = self._own.memory
        except AttributeError:
            memory = self._own.memory = self._bound()
        return memory

    def _bound(self) -> _Memory:
        """Return what answers a row through memory of the calling thread's own."""
        taken, given = np.zeros((1, self._width)), np.zeros((1, self._outputs))
        binding = self._session.io_binding()
        binding.bind_input(INPUT, "cpu", 0, np.float64, taken.shape, taken.ctypes.data)
        binding.bind_output(OUTPUT, "cpu", 0, np.float64, given.shape, given.ctypes.data)
        write, flat = struct.Struct(f"{self._width}d").pack_into, taken.reshape(-1)
        bytes_, run = flat.data.cast("B"), _leanest(self._session, binding)
        narrow = struct.Struct(f"={self._width}f")  # with "=" a number too large raises, instead of being infinite

        def plain(values: Sequence[float]) -> None:
            write(bytes_, 0, *values)
            run()

        def single(values: Sequence[float]) -> None:
            write(bytes_, 0, *narrow.unpack(narrow.pack(*values)))
            run()

        answers = given.reshape(-1)
        return _Memory(run=single if self._single else plain, given=answers, read=answers.tolist)


def _leanest(session: onnxruntime.InferenceSession, binding: onnxruntime.IOBinding) -> Callable[[], None]:
    """Return the run of a binding without ONNX Runtime's Python around it, which takes 1 us and looks after GPUs.

    Nor is there a processor to wait for, which is asked in vain after each run. A release of ONNX Runtime in which
    these parts are named otherwise is run as its documentation says.
    """
    inner, bound = getattr(session, "_sess", None), getattr(binding, "_iobinding", None)
    if inner is None or bound is None or not hasattr(inner, "run_with_iobinding"):
        return partial(session.run_with_iobinding, binding)
    options = _runtime().RunOptions()
    options.add_run_config_entry("disable_synchronize_execution_providers", "1")
    return partial(inner.run_with_iobinding, bound, options)


def _runtime() -> Any:  # noqa: ANN401 - a library that ships no types
    """Import and return ONNX Runtime: a linear model needs none, and the parent of workers must not fork with it."""
    return import_module("onnxruntime")


def rounded(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the numbers' nearest in single precision, as float64; what has none becomes infinite."""
    with np.errstate(over="ignore"):
        return matrix.astype(np.float32).astype(np.float64)


def _load(content: bytes) -> onnxruntime.InferenceSession:
    runtime = _runtime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # workers are processes; threads would fight
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_cpu_mem_arena = False  # a bulk run would keep its largest chunk for good
    # More than the basic optimisations would be less: they move doubles into attributes in single precision.
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 4
    try:
        return runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own errors have no base class of their own
        raise failed_load("the stored graph can't be loaded", error) from error


def _check(session: onnxruntime.InferenceSession, *, width: int, outputs: int) -> None:
    """Check what is bound as raw memory: another shape than the graph's would be read or written beyond its end."""
    taken, given = session.get_inputs(), session.get_outputs()
    found = [(each.name, each.type, list(each.shape[1:])) for each in (*taken, *given)]
    wanted = [(INPUT, "tensor(double)", [width]), (OUTPUT, "tensor(double)", [outputs])]
    if len(taken) != 1 or found != wanted:
        raise CorruptArtefact(f"the stored graph takes and gives {found}, expected {wanted}")
