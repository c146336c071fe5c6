"""What stands behind the plan and has no kernel of its own, as one ONNX graph of doubles by skl2onnx.

Transformers between the plan and the last step (principal components, polynomials) become a graph that runs before
the kernel; an estimator without a kernel (votes, stacks, bags) becomes a graph that is the kernel.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import GraphProto, ModelProto, TensorProto, helper
from sklearn.base import is_classifier
from sklearn.neighbors._base import NeighborsBase
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import PolynomialFeatures

from carafe.errors import CorruptArtefact
from carafe.models.lowering.estimators.drawing import Drawing
from carafe.models.lowering.estimators.lowering import Lowering
from carafe.models.lowering.graphs import NEVER
from carafe.models.lowering.heads import Chances, Classes, Decision, Head, Numbers
from carafe.models.lowering.kernel import GRAPH, Accepts, Graph, Tail
from carafe.models.lowering.refusal import NotLowered, shortened
from carafe.models.lowering.session import INPUT, OUTPUT, Session

_OPSETS = {"": 18, "ai.onnx.ml": 3}
"""What skl2onnx writes its graphs in."""

_BREADTH = 4_000
"""Numbers a row: nobody knows what a converted graph holds; a comparison with every training row is the worst."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Through:
    """Transformers as a graph: what plan.json holds of it, the graph, and whether all of it is in double precision."""

    tail: Tail
    content: bytes
    exact: bool


def tail_transformers(transformers: Sequence[Any], *, width: int) -> Through:
    """Return transformers that take a matrix of ``width`` columns as a graph.

    Raises:
        NotLowered: when the converter can't convert them; says why.
    """
    if len(transformers) == 1 and type(transformers[0]) is PolynomialFeatures:
        return _polynomial(transformers[0])
    pipeline = Pipeline([(str(index), step) for index, step in enumerate(transformers)])
    model = converted(pipeline, width=width)
    outputs = model.graph.output[0].type.tensor_type.shape.dim[1].dim_value
    if len(model.graph.output) != 1 or not outputs:
        raise NotLowered(f"{_named(transformers)} give no table of known width in ONNX")
    _conclude(model.graph, [_cast(model.graph, model.graph.output[0].name)], outputs)
    tail = Tail(width=width, outputs=outputs, accepts=Accepts(), breadth=_BREADTH)
    return Through(tail=tail, content=_loadable(model, width=width, outputs=outputs), exact=is_exact(model))


def _polynomial(step: PolynomialFeatures) -> Through:
    """Return products of columns; skl2onnx writes single-precision ones into its graph of doubles."""
    powers = np.asarray(step.powers_)
    outputs, width = powers.shape
    factors = [[column for column, power in enumerate(row) for _ in range(power)] for row in powers.tolist()]
    degree = max(map(len, factors), default=0)
    drawing = Drawing()
    first = drawing.add("Gather", INPUT, drawing.constant([0], np.int64), axis=1)
    table = drawing.add("Concat", INPUT, drawing.affine(first, 0.0, 1.0), axis=1)  # a column of ones after the others
    product = ""
    for place in range(max(degree, 1)):
        columns = [row[place] if place < len(row) else width for row in factors]
        chosen = drawing.add("Gather", table, drawing.constant(columns, np.int64), axis=1)
        product = drawing.add("Mul", product, chosen) if product else chosen
    tail = Tail(width=width, outputs=outputs, accepts=Accepts(), breadth=3 * outputs)
    return Through(tail=tail, content=drawing.content(product, width=width, outputs=outputs), exact=True)


def tail_estimator(estimator: Any, *, width: int) -> Lowering:  # noqa: ANN401 - scikit-learn ships no types
    """Return an estimator that takes a matrix of ``width`` columns as a graph.

    Raises:
        NotLowered: when the converter can't convert it; says why.
    """
    if isinstance(estimator, NeighborsBase):
        # The converter forgets weights by distance; and its graph loops, which is not taken from a file.
        raise NotLowered("which of equally near neighbours count is for scikit-learn's own search to say")
    model = converted(estimator, width=width)
    names, outputs, head = answers(model.graph, estimator)
    _conclude(model.graph, names, outputs)
    kernel = Graph(width=width, outputs=outputs, accepts=Accepts(), breadth=_BREADTH)
    files = {GRAPH: _loadable(model, width=width, outputs=outputs)}
    return Lowering(kernel=kernel, head=head, files=files, exact=is_exact(model))


def converted(estimator: Any, *, width: int) -> ModelProto:  # noqa: ANN401
    """Return skl2onnx's graph of something that takes doubles of shape (n, width), called X.

    Raises:
        NotLowered: when it can't be converted; says why.
    """
    from skl2onnx.common.data_types import DoubleTensorType  # noqa: PLC0415 - needed by few models, and slow to import

    return convert(estimator, [(INPUT, DoubleTensorType([None, width]))])


def convert(estimator: Any, inputs: list[tuple[str, Any]]) -> ModelProto:  # noqa: ANN401
    """Return skl2onnx's graph for inputs of these names and types, probabilities as one array.

    Raises:
        NotLowered: when it can't be converted; says why.
    """
    with _silence():
        try:
            import skl2onnx  # noqa: PLC0415 - the same

            options = {id(_last(estimator)): {"zipmap": False}} if is_classifier(estimator) else None
            model: ModelProto = skl2onnx.to_onnx(estimator, initial_types=inputs, target_opset=_OPSETS, options=options)
        except Exception as error:  # a converter may raise anything
            raise NotLowered(f"{_named([estimator])} is not converted to ONNX ({_story(error)})") from error
    looping = next((node.op_type for node in model.graph.node if node.op_type in NEVER), None)
    if looping is not None:  # nearest neighbours inside it, say
        raise NotLowered(f"in ONNX {_named([estimator])}, or what is in it, repeats ({looping}): it is not lowered")
    _raise_opsets(model)
    return model


def _story(error: Exception) -> str:
    """Return in a few words why a converter failed."""
    kind = type(error).__name__
    if kind in {"MissingShapeCalculator", "MissingConverter"}:
        return "the converter does not know it, or something in it"
    return shortened(f"{kind}: {error}", 120)


def answers(graph: GraphProto, estimator: Any) -> tuple[list[str], int, Head]:  # noqa: ANN401
    """Draw a converted estimator's outputs as arrays of doubles (n, k); return their names, sum of k, and the head."""
    if not is_classifier(estimator):
        return [_column(graph, graph.output[0].name)], 1, Numbers()
    label = _column(graph, _numbered(graph, graph.output[0].name, estimator.classes_))
    if not hasattr(estimator, "predict_proba"):
        return [label], 1, Classes(chances=Chances.NONE, decision=Decision.NAMED)
    shares = _cast(graph, graph.output[1].name)
    count = len(estimator.classes_)
    return [shares, label], count + 1, Classes(chances=Chances.GIVEN, decision=Decision.NAMED)


def is_exact(model: ModelProto) -> bool:
    """Tell whether nothing in a graph is computed in single precision."""
    single = any(each.data_type == TensorProto.FLOAT for each in model.graph.initializer)
    for node in model.graph.node:
        if node.op_type.startswith("TreeEnsemble") or node.op_type in ("SVMRegressor", "SVMClassifier"):
            return False
        single = single or any(each.name == "to" and each.i == TensorProto.FLOAT for each in node.attribute)
    return not single


def _raise_opsets(model: ModelProto) -> None:
    """Write down the newest opsets allowed: skl2onnx writes those of its own nodes, and others are drawn here."""
    del model.opset_import[:]
    model.opset_import.extend(helper.make_opsetid(domain, version) for domain, version in _OPSETS.items())


def _loadable(model: ModelProto, *, width: int, outputs: int) -> bytes:
    """Return the graph's bytes, once ONNX Runtime has loaded them: not all that is converted is valid."""
    content: bytes = model.SerializeToString()
    try:
        Session(content, width=width, outputs=outputs)
    except CorruptArtefact as error:
        raise NotLowered(f"ONNX Runtime refuses its converted graph ({str(error)[:150]})") from error
    return content


def _conclude(graph: GraphProto, names: list[str], outputs: int) -> None:
    """Make one output, called Y, of arrays side by side."""
    graph.node.append(helper.make_node("Concat", names, [OUTPUT], axis=1))
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info(OUTPUT, TensorProto.DOUBLE, [None, outputs]))


def _numbered(graph: GraphProto, label: str, classes: Any) -> str:  # noqa: ANN401 - an array of labels
    """Draw the position of a label among the classes."""
    labels = np.asarray(classes)
    if labels.dtype.kind in "US" or all(isinstance(each, str) for each in labels.tolist()):
        keys: dict[str, Any] = {"keys_strings": [str(each) for each in labels.tolist()]}
    elif labels.dtype.kind in "iub":
        graph.node.append(helper.make_node("Cast", [label], ["carafe_whole"], to=TensorProto.INT64))
        label, keys = "carafe_whole", {"keys_int64s": [int(each) for each in labels.tolist()]}
    else:
        raise NotLowered(f"labels of type {labels.dtype} have no place in ONNX")
    values: dict[str, Any] = {"values_int64s": list(range(len(labels))), "default_int64": -1}
    graph.node.append(
        helper.make_node("LabelEncoder", [label], ["carafe_number"], "carafe", domain="ai.onnx.ml", **keys, **values)
    )
    return "carafe_number"


def _column(graph: GraphProto, name: str) -> str:
    """Draw one number a row as an array of doubles (n, 1)."""
    double, shape, column = _cast(graph, name), f"{name}_shape", f"{name}_column"
    graph.initializer.append(helper.make_tensor(shape, TensorProto.INT64, [2], [-1, 1]))
    graph.node.append(helper.make_node("Reshape", [double, shape], [column]))
    return column


def _cast(graph: GraphProto, name: str) -> str:
    graph.node.append(helper.make_node("Cast", [name], [f"{name}_double"], to=TensorProto.DOUBLE))
    return f"{name}_double"


def _last(estimator: Any) -> Any:  # noqa: ANN401
    return _last(estimator.steps[-1][1]) if isinstance(estimator, Pipeline) else estimator


def _named(parts: Sequence[Any]) -> str:
    return ", ".join(type(_last(part)).__name__ for part in parts)


@contextmanager
def _silence() -> Iterator[None]:
    """Keep the converter's warnings and messages, which speak to its developers, from whoever publishes a model."""
    logger = logging.getLogger("skl2onnx")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
