"""Carafe's own JSON: one record or many in, a prediction or predictions out.

| body | rows | answer |
|---|---|---|
| ``{"area": 1500, "bedrooms": 3}`` | one | ``{"prediction": 350000.0}`` |
| ``[1500, 3]``, in signature order | one | ``{"prediction": 350000.0}`` |
| ``[{"area": 1500, ...}, ...]`` or ``[[1500, 3], ...]`` | many | ``{"predictions": [350000.0, ...]}`` |
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from carafe.errors import BodyTooLarge, InvalidInput, PredictionFailed
from carafe.protocols.strict_json import read_json, repetitions
from carafe.protocols.typed_json import TypedRecords
from carafe.schema import Label, PredictResponse, Rows, Signature
from carafe.schema.rows import encode_records

LARGE = 256 * 1024
"""A larger body, in bytes, is not read to its end to find every problem in it."""


class Decoded(msgspec.Struct, frozen=True, kw_only=True, eq=False, gc=False):
    """The rows of a body, and whether it held a single record, which is answered in the singular."""

    rows: Rows
    single: bool


class One(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The answer to one record."""

    prediction: Label
    probabilities: dict[str, float] | msgspec.UnsetType = msgspec.UNSET


class Many(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to many records, in their order."""

    predictions: list[Label]
    probabilities: list[dict[str, float]] | msgspec.UnsetType = msgspec.UNSET


class OneFeatures(msgspec.Struct, frozen=True, kw_only=True):
    """One record's features, by name; null is a missing value."""

    features: dict[str, float | None]


class ManyFeatures(msgspec.Struct, frozen=True, kw_only=True):
    """Many records' features, by name, in the records' order; null is a missing value."""

    features: list[dict[str, float | None]]


def decode_json(signature: Signature, body: bytes, *, max_rows: int, typed: TypedRecords | None = None) -> Decoded:
    """Return the rows of a JSON body.

    Args:
        signature: what the rows must fit.
        body: as it came.
        max_rows: the most records to take.
        typed: the signature's own typed reading, which is tried first; the answer is the same without it, but that a
            body beyond LARGE which does not fit is refused for its first problem alone.

    Raises:
        MalformedBody: when it is not JSON.
        BodyTooLarge: when it holds more than ``max_rows`` records.
        InvalidInput: when a record does not fit the signature; names every field that does not.
    """
    if typed is not None:
        decoded = _decode_typed(signature, body, typed, max_rows)
        if decoded is not None:
            return decoded
        if len(body) > LARGE and (problem := typed.refusal(body)) is not None:
            raise InvalidInput([problem])
    return _decode_thoroughly(signature, body, max_rows)


def _decode_typed(signature: Signature, body: bytes, typed: TypedRecords, max_rows: int) -> Decoded | None:
    if body.startswith(b"[") and body[1:64].lstrip().startswith((b"{", b"[")):
        records = typed.many(body)
        if not records or len(records) > max_rows:
            return None
        return Decoded(rows=Rows.of_records(signature, records), single=False)
    record = typed.one(body)
    return None if record is None else Decoded(rows=Rows.of_records(signature, (record,)), single=True)


def _decode_thoroughly(signature: Signature, body: bytes, max_rows: int) -> Decoded:
    value = read_json(body)
    records = value if isinstance(value, list) else [value]
    single = not isinstance(value, list) or (bool(value) and not any(isinstance(item, (dict, list)) for item in value))
    if isinstance(value, list) and single:
        records = [value]
    if len(records) > max_rows:
        raise BodyTooLarge(f"got {len(records)} rows, at most {max_rows} are taken in one request: send them in parts")
    if repeated := repetitions(records):
        raise InvalidInput(repeated[:100])
    return Decoded(rows=encode_records(signature, records), single=single)


def encode_json(response: PredictResponse, *, single: bool) -> bytes:
    """Return the JSON answer: labels in their own type, numbers as numbers.

    Probabilities are keyed by the label's text, because JSON keys are strings: ``"3"``, ``"true"``, ``"setosa"``.

    Raises:
        PredictionFailed: when the model answered with a number or a probability that is not finite, which JSON can't
            carry.
    """
    if single and not response.prediction.has_probabilities:
        return b'{"prediction":%b}' % msgspec.json.encode(labels(response)[0])
    values = labels(response)
    table = probabilities(response)
    if single:
        return msgspec.json.encode(
            One(prediction=values[0], probabilities=msgspec.UNSET if table is None else table[0])
        )
    return msgspec.json.encode(Many(predictions=values, probabilities=msgspec.UNSET if table is None else table))


def encode_features(names: Sequence[str], matrix: NDArray[np.float64], *, single: bool) -> bytes:
    """Return named features as JSON; a value that is missing or not finite is null."""
    table = [
        dict(zip(names, (value if math.isfinite(value) else None for value in row), strict=True))
        for row in matrix.tolist()
    ]
    return msgspec.json.encode(OneFeatures(features=table[0]) if single else ManyFeatures(features=table))


def labels(response: PredictResponse) -> list[Label]:
    """Return the answers as plain values: class labels in their own type, or numbers."""
    classes = response.signature.target.classes
    values = response.prediction.listed_values
    if classes:
        return [classes[int(index)] for index in values]
    if not all(map(math.isfinite, values)):
        raise PredictionFailed(f"{response.name}@{response.version} answered with a number that is not finite")
    return list(values)


def probabilities(response: PredictResponse) -> list[dict[str, float]] | None:
    """Return each row's probabilities by the text of the label, or None where they were not asked for.

    Raises:
        PredictionFailed: when one of them is not finite.
    """
    table = response.prediction.listed_probabilities
    if table is None:
        return None
    if not all(math.isfinite(chance) for row in table for chance in row):
        raise PredictionFailed(f"{response.name}@{response.version} answered with probabilities that are not finite")
    texts = [label_text(label) for label in response.signature.target.classes]
    return [dict(zip(texts, row, strict=True)) for row in table]


def label_text(label: Label) -> str:
    """Return a label as JSON would write it, without quotes: ``setosa``, ``3``, ``true``."""
    return label if isinstance(label, str) else msgspec.json.encode(label).decode()
