from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import to_onnx
from sklearn.ensemble import RandomForestRegressor

from carafe.errors import CorruptArtefact
from carafe.models.lowering import graphs
from carafe.models.lowering.graphs import check_graph


def doubled(*nodes: onnx.NodeProto, domain: str = "") -> onnx.ModelProto:
    """Return a graph that doubles a matrix, with more nodes beside."""
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Mul", ["X", "two"], ["Y"], domain=domain), *nodes],
        "doubled",
        [value("X", TensorProto.DOUBLE, [None, 2])],
        [value("Y", TensorProto.DOUBLE, [None, 2])],
        [numpy_helper.from_array(np.array([2.0]), "two")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])


BRANCH = helper.make_graph([], "nothing", [], [])


def keep_outside(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")


def keep_outside_in_an_attribute(model: onnx.ModelProto) -> None:
    tensor = numpy_helper.from_array(np.array([2.0]), "three")
    tensor.data_location = TensorProto.EXTERNAL
    model.graph.node.append(helper.make_node("Constant", [], ["Z"], value=tensor))


def define_a_function(model: onnx.ModelProto) -> None:
    model.functions.append(
        helper.make_function("", "Mul", ["a"], ["b"], [helper.make_node("Neg", ["a"], ["b"])], model.opset_import)
    )


def test_what_converters_write_is_taken_large_trees_included() -> None:
    check_graph(doubled().SerializeToString(), "model.onnx")
    x = np.random.default_rng(0).normal(size=(300, 3))
    forest = RandomForestRegressor(20, random_state=0).fit(x, x.sum(axis=1))
    check_graph(to_onnx(forest, x[:1].astype(np.float32)).SerializeToString(), "model.onnx")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (keep_outside, "keeps numbers in another file"),
        (keep_outside_in_an_attribute, "keeps numbers in another file"),
        (define_a_function, "defines functions of its own"),
        (lambda m: m.graph.node.append(helper.make_node("Gelu", ["X"], ["Z"], domain="com.microsoft")), "'com.microso"),
        (lambda m: m.opset_import.append(helper.make_opsetid("evil", 1)), "operators of 'evil', which ONNX does not"),
        (
            lambda m: m.graph.node.append(helper.make_node("If", ["c"], ["Z"], then_branch=BRANCH, else_branch=BRANCH)),
            "operator If, which branches",
        ),
        (
            lambda m: m.graph.node.append(helper.make_node("Mul", ["X"], ["Z"], body=BRANCH)),
            "a graph within a graph",
        ),
        (lambda m: m.graph.node.append(helper.make_node("RandomNormal", [], ["Z"], shape=[2])), "repeats or draws"),
        (lambda m: m.ClearField("graph"), "holds 0 graphs"),
    ],
)
def test_what_carafe_never_writes_is_refused_before_the_runtime_sees_it(
    change: Callable[[onnx.ModelProto], object], words: str
) -> None:
    model = doubled()
    change(model)
    with pytest.raises(CorruptArtefact, match=rf"model\.onnx: is no graph that Carafe writes: .*{words}"):
        check_graph(model.SerializeToString(), "model.onnx")


def test_a_graph_beyond_sane_sizes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = doubled(helper.make_node("Neg", ["X"], ["Z"])).SerializeToString()
    monkeypatch.setattr(graphs, "MAX_NODES", 1)
    with pytest.raises(CorruptArtefact, match="2 operators, expected at most 1"):
        check_graph(content, "model.onnx")
    monkeypatch.setattr(graphs, "MAX_BYTES", 10)
    with pytest.raises(CorruptArtefact, match=r"a graph of \d+ bytes, expected at most 10"):
        check_graph(content, "model.onnx")


@given(st.binary(max_size=60), st.integers(0, 200))
def test_whatever_the_bytes_they_are_taken_or_refused(noise: bytes, position: int) -> None:
    content = doubled().SerializeToString()
    for bent in (noise, content[:position] + noise + content[position:], content[:position]):
        try:
            check_graph(bent, "model.onnx")
        except CorruptArtefact as error:
            assert str(error).startswith("model.onnx: ")
