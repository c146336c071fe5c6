"""A session's two ways, one row and many, say the same; what is no graph of Carafe's shape is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carafe.errors import CorruptArtefact
from carafe.models.lowering.estimators.drawing import Drawing
from carafe.models.lowering.session import Session

_WEIGHTS = np.array([[1.0, -2.0], [0.5, 1 / 3], [3.0, 1e-9]])


def _graph(*, width: int = 3, outputs: int = 2) -> bytes:
    drawing = Drawing()
    return drawing.content(drawing.add("MatMul", "X", drawing.constant(_WEIGHTS)), width=width, outputs=outputs)


@given(st.lists(st.tuples(*[st.floats(-1e100, 1e100)] * 3), min_size=1, max_size=5))
def test_a_row_and_a_matrix_are_answered_alike(rows: list[tuple[float, float, float]]) -> None:
    many = _SESSION.run(np.array(rows))

    assert [_SESSION.row(row) for row in rows] == many.tolist()


_SESSION = Session(_graph(), width=3, outputs=2)


@given(st.lists(st.floats(-1e38, 1e38), min_size=3, max_size=3))
def test_numbers_are_rounded_to_single_precision_where_it_is_asked_for(row: list[float]) -> None:
    expected = (np.array([row], dtype=np.float32).astype(np.float64) @ _WEIGHTS)[0]

    np.testing.assert_allclose(_SINGLE.row(row), expected, rtol=1e-12, atol=1e-300)
    np.testing.assert_array_equal(_SINGLE.row(row), _SINGLE.run(np.array([row]))[0])


_SINGLE = Session(_graph(), width=3, outputs=2, single=True)


def test_a_number_beyond_single_precision_overflows_and_is_not_infinite() -> None:
    with pytest.raises(OverflowError):
        _SINGLE.row([1e39, 0.0, 0.0])


def test_threads_do_not_see_one_anothers_rows() -> None:
    rows = [(float(number), 0.0, 0.0) for number in range(200)]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(_SESSION.row, rows * 5))

    assert answers == [[number, -2.0 * number] for number, _, _ in rows * 5]


def test_a_release_whose_inner_parts_are_named_otherwise_is_run_as_documented(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime.IOBinding, "_iobinding", None, raising=False)
    session = Session(_graph(), width=3, outputs=2)
    binding = session._session.io_binding()  # noqa: SLF001 - what is tested is that it works without its inner part
    assert binding is not None

    assert session.row((1.0, 0.0, 0.0)) == [1.0, -2.0]


def test_a_constant_keeps_its_digits() -> None:
    """ONNX Runtime's stronger optimisations put a scale behind a product into an attribute of single precision."""
    drawing = Drawing()
    product = drawing.add("MatMul", "X", drawing.constant(np.eye(3)))
    content = drawing.content(drawing.add("Mul", product, drawing.constant(0.1)), width=3, outputs=3)

    assert Session(content, width=3, outputs=3).row((1.0, 3.0, 7.0)) == [0.1, 3.0 * 0.1, 7.0 * 0.1]


@pytest.mark.parametrize(("width", "outputs"), [(2, 2), (4, 2), (3, 1), (3, 3)])
def test_a_graph_of_another_shape_than_was_said_is_refused(width: int, outputs: int) -> None:
    with pytest.raises(CorruptArtefact, match="the stored graph takes and gives"):
        Session(_graph(), width=width, outputs=outputs)


def test_what_is_no_graph_is_refused() -> None:
    with pytest.raises(CorruptArtefact, match="can't be loaded"):
        Session(b"no graph", width=3, outputs=2)


def test_a_graph_that_lies_about_its_answers_is_found_out() -> None:
    """The memory is bound with the shape that is said: ONNX Runtime must not write beyond it."""
    with pytest.raises(CorruptArtefact, match=r"gives .*\('Y', 'tensor\(double\)', \[2\]\)"):
        Session(_graph(width=3, outputs=1), width=3, outputs=1)
