"""Look through an ONNX graph before ONNX Runtime sees it: standard operators, everything inside, nothing that branches.

A graph is data, but a rich one. It may name files that the runtime opens, operators of other domains than ONNX's own,
graphs within graphs that loop, and functions. What Carafe writes has none of these, so a graph that has one was not
written by Carafe. The protocol buffers are walked here field by field, for that needs no more than the runtime does.

What is not looked at is whether an operator's attributes make sense: that is the runtime's to say when it loads them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from carafe.errors import CorruptArtefact

MAX_BYTES = 1024**3
"""The largest graph."""

MAX_NODES = 50_000
"""The most operators of a graph; a converted pipeline has some hundred."""

_DOMAINS = {"", "ai.onnx", "ai.onnx.ml"}
"""Where the operators come from that the ONNX standard defines."""

NEVER = {
    "Bernoulli", "Dropout", "If", "Loop", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform",
    "RandomUniformLike", "Scan", "SequenceMap",
}  # fmt: skip
"""Operators that run other graphs, or answer differently each time."""

_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5
"""How a field is encoded (wire types of protocol buffers)."""

_RUN = re.compile(rb"(?:\x40[\x80-\xff]*+[\x00-\x7f])++|(?:\x3d.{4})++", re.DOTALL)
"""Many elements of an attribute's ``ints`` (field 8) or ``floats`` (field 7), one after the other: a large tree's."""

Field = tuple[int, int, memoryview]
"""A field's number, a whole number (0 where it holds none), and its content where it has a length."""


def check_graph(content: bytes, name: str) -> None:
    """Check what a graph is made of.

    Args:
        content: the file, an ONNX ModelProto.
        name: what it is called in a message.

    Raises:
        CorruptArtefact: when it can't be parsed, is beyond sane sizes, or holds what Carafe never writes.
    """
    if len(content) > MAX_BYTES:
        raise CorruptArtefact(f"{name}: a graph of {len(content)} bytes, expected at most {MAX_BYTES}")
    try:
        _check_model(memoryview(content))
    except (ValueError, IndexError, UnicodeDecodeError) as error:
        raise CorruptArtefact(f"{name}: is no graph that Carafe writes: {error}") from error


def _check_model(model: memoryview) -> None:
    graphs = 0
    for number, _, content in _fields(model):
        if number == 7:  # graph
            graphs += 1
            _check_graph(content)
        elif number == 8:  # opset_import
            _check_domain(content, field=1)
        elif number in {20, 25}:  # training_info, functions
            raise ValueError("it defines functions of its own")
    if graphs != 1:
        raise ValueError(f"it holds {graphs} graphs, expected one")


def _check_graph(graph: memoryview) -> None:
    nodes = 0
    for number, _, content in _fields(graph):
        if number == 1:  # node
            nodes += 1
            _check_node(content)
        elif number == 5:  # initializer
            _check_tensor(content)
        elif number == 15:  # sparse_initializer
            _check_sparse(content)
    if nodes > MAX_NODES:
        raise ValueError(f"it has {nodes} operators, expected at most {MAX_NODES}")


def _check_node(node: memoryview) -> None:
    _check_domain(node, field=7)
    for number, _, content in _fields(node):
        if number == 4 and str(content, "utf-8") in NEVER:  # op_type
            raise ValueError(f"it has an operator {str(content, 'utf-8')}, which branches, repeats or draws")
        if number == 5:  # attribute
            _check_attribute(content)


def _check_domain(message: memoryview, *, field: int) -> None:
    for number, _, content in _fields(message):
        if number == field and str(content, "utf-8") not in _DOMAINS:
            raise ValueError(f"it uses operators of {str(content, 'utf-8')[:60]!a}, which ONNX does not define")


def _check_attribute(attribute: memoryview) -> None:
    for number, _, content in _fields(attribute, runs=True):
        if number in {6, 11}:  # g, graphs
            raise ValueError("it has a graph within a graph")
        if number in {5, 10}:  # t, tensors
            _check_tensor(content)
        elif number in {22, 23}:  # sparse_tensor, sparse_tensors
            _check_sparse(content)


def _check_sparse(tensor: memoryview) -> None:
    for number, _, content in _fields(tensor):
        if number in {1, 2}:  # values, indices
            _check_tensor(content)


def _check_tensor(tensor: memoryview) -> None:
    for number, value, _ in _fields(tensor):
        if number == 13 or (number == 14 and value):  # external_data, data_location
            raise ValueError("it keeps numbers in another file")


def _fields(message: memoryview, *, runs: bool = False) -> Iterator[Field]:
    """Yield the fields of a message; of ``runs`` of small elements nothing is yielded, for there are millions."""
    position, end, nothing = 0, len(message), message[:0]
    while position < end:
        run = _RUN.match(message, position) if runs else None
        if run is not None:
            position = run.end()
            continue
        tag, position = _varint(message, position)
        kind, value, content = tag & 7, 0, nothing
        if kind == _VARINT:
            value, position = _varint(message, position)
        elif kind == _BYTES:
            length, position = _varint(message, position)
            content = message[position : position + length]
            position += length
        elif kind in {_EIGHT, _FOUR}:
            position += 8 if kind == _EIGHT else 4
        else:
            raise ValueError(f"a field of type {kind}")
        if position > end:
            raise ValueError("a field reaches beyond its end")
        yield tag >> 3, value, content


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    """Return a number and the position behind it."""
    value = 0
    for shift in range(0, 70, 7):
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise ValueError("a number of more than ten bytes")
