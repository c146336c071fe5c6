"""Predictions and features: decode, ask the one door, encode."""

from __future__ import annotations

from functools import lru_cache

from carafe.errors import NoDefaultModel
from carafe.protocols.media import CSV, JSON, choose, media_type
from carafe.protocols.native import Decoded, decode_json, encode_features, encode_json
from carafe.protocols.native_csv import decode_csv, encode_csv
from carafe.schema import ModelRef, PredictRequest
from carafe.schema.exchange import CHAMPION
from carafe.schema.rows import count_unseen
from carafe.serving import Served
from carafe.web.call import Reply, written
from carafe.web.query import number, read_query, truth
from carafe.web.route import Context

_FORMATS = (JSON, CSV)


def predict_default(context: Context) -> Reply:
    """Ask the only model, or the one that was chosen as default."""
    try:
        return _predict(context, None)
    except NoDefaultModel as error:
        raise NoDefaultModel(f"{error} with POST {context.call.base}/models/<name>/predict") from error


def predict_champion(context: Context) -> Reply:
    """Ask a model's champion."""
    return _predict(context, _champion(context.parameters["name"]))


def predict_version(context: Context) -> Reply:
    """Ask one version."""
    chosen = number(context.parameters["number"], "version")
    return _predict(context, ModelRef(name=context.parameters["name"], version=chosen))


def predict_alias(context: Context) -> Reply:
    """Ask the version that an alias points at."""
    return _predict(context, ModelRef(name=context.parameters["name"], alias=context.parameters["alias"]))


def transform(context: Context) -> Reply:
    """Return what the champion's preprocessing makes of the rows."""
    read_query(context.call)
    choose(context.call.headers.get("Accept"), offered=(JSON,))
    predictor = context.service.predictor
    served = predictor.resolve(_champion(context.parameters["name"]))
    decoded = _decode(context, served)
    features = predictor.transform(decoded.rows, served=served)
    body = encode_features(features.names, features.matrix, single=decoded.single)
    return written(body, kind=JSON, headers=_told(served, count_unseen(served.signature, decoded.rows)))


@lru_cache(maxsize=1024)
def _champion(name: str) -> ModelRef:
    return ModelRef(name=name, alias=CHAMPION)


def _predict(context: Context, ref: ModelRef | None) -> Reply:
    wants = truth(read_query(context.call, "probabilities"), "probabilities")
    kind = choose(context.call.headers.get("Accept"), offered=_FORMATS)
    predictor = context.service.predictor
    served = predictor.resolve(ref)
    decoded = _decode(context, served)
    request = PredictRequest(model=served.ref, rows=decoded.rows, probabilities=wants)
    response = predictor.predict(request, served=served)
    body = encode_json(response, single=decoded.single) if kind == JSON else encode_csv(response)
    return written(body, kind=kind, headers=_told(served, response.unseen))


def _decode(context: Context, served: Served) -> Decoded:
    headers = context.call.headers
    kind = media_type(headers.get("Content-Type"), offered=_FORMATS, encoding=headers.get("Content-Encoding"))
    most = context.service.settings.max_rows
    if kind == CSV:
        return decode_csv(served.signature, context.call.read(), max_rows=most)
    return decode_json(served.signature, context.call.read(), max_rows=most, typed=served.typed)


def _told(served: Served, unseen: int) -> tuple[tuple[str, str], ...]:
    """Return the headers that say which version answered, and how many category values it had never met."""
    model = ("X-Carafe-Model", served.text)
    return (model, ("X-Carafe-Unseen", str(unseen))) if unseen else (model,)
