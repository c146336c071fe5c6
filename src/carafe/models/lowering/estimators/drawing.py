"""Draw a small ONNX graph of doubles, node by node."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from carafe.models.lowering.refusal import NotLowered
from carafe.models.lowering.session import INPUT, OUTPUT

_ML, _OPSET, _IR = 5, 21, 10

_LARGEST = 1 << 30
"""Bytes of a graph. Protocol buffers end at twice as many, and no server wants such a model in memory."""


@dataclass(slots=True)
class Drawing:
    """A graph that grows. The input is called X; what ``add`` and ``constant`` return names what they drew."""

    nodes: list[NodeProto] = field(default_factory=list)
    constants: list[TensorProto] = field(default_factory=list)

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:  # noqa: ANN401 - as ONNX defines them
        """Add a node with one output."""
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def constant(self, values: ArrayLike, dtype: type[np.generic] = np.float64) -> str:
        """Add an array, of doubles where nothing else is said."""
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values, dtype=dtype), name))
        return name

    def affine(self, name: str, factor: ArrayLike, offset: ArrayLike) -> str:
        """Add a multiplication and an addition, element by element."""
        return self.add("Add", self.add("Mul", name, self.constant(factor)), self.constant(offset))

    def content(self, last: str, *, width: int, outputs: int) -> bytes:
        """Return the graph from (n, width) doubles to ``last``, which is (n, outputs) doubles.

        Raises:
            NotLowered: when it is larger than a graph should be.
        """
        nodes = [*self.nodes, helper.make_node("Identity", [last], [OUTPUT])]
        return graph_bytes(nodes, self.constants, width=width, outputs=outputs)


def graph_bytes(nodes: list[NodeProto], constants: list[TensorProto], *, width: int, outputs: int) -> bytes:
    """Return a graph of ``nodes`` from (n, width) doubles called X to (n, outputs) doubles called Y.

    Raises:
        NotLowered: when it would be larger than a graph should be.
    """
    taken = helper.make_tensor_value_info(INPUT, TensorProto.DOUBLE, [None, width])
    given = helper.make_tensor_value_info(OUTPUT, TensorProto.DOUBLE, [None, outputs])
    graph = helper.make_graph(nodes, "carafe", [taken], [given], initializer=constants)
    opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid("ai.onnx.ml", _ML)]
    model: ModelProto = helper.make_model(graph, opset_imports=opsets, ir_version=_IR, producer_name="carafe")
    if model.ByteSize() > _LARGEST:
        raise NotLowered(f"its graph would have {model.ByteSize()} bytes, more than {_LARGEST}")
    content: bytes = model.SerializeToString()
    return content
