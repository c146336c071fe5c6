"""Predictions and features: decode, ask the one door, encode."""

from __future__ import annotations

import time
from functools import lru_cache

from carafe.errors import NoDefaultModel
from carafe.protocols.media import CSV, JSON, choose, media_type
from carafe.protocols.native import Decoded, decode_json, encode_features, encode_json
from carafe.protocols.native_csv import decode_csv, encode_csv
from carafe.schema import ModelRef, PredictRequest, PredictResponse
from carafe.schema.rows import count_unseen
from carafe.serving import Served, Split
from carafe.web.admission import admitted_rows
from carafe.web.call import ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, Reply, written
from carafe.web.query import parse_query, read_query, truth
from carafe.web.reference import ref_of
from carafe.web.route import Context
from carafe.web.sticky import choose as choose_version
from carafe.web.trace import Trace

_FORMATS = (JSON, CSV)


def predict_default(context: Context) -> Reply:
    """Ask the only model, or the one that was chosen as default."""
    try:
        return _predict(context, None)
    except NoDefaultModel as error:
        raise NoDefaultModel(f"{error} with POST {context.call.base}/models/<name>/predict") from error


def predict(context: Context) -> Reply:
    """Ask the version that the path names."""
    return _predict(context, ref_of(context.parameters))


def transform(context: Context) -> Reply:
    """Return what the champion's preprocessing makes of the rows."""
    read_query(context.call)
    choose(context.call.headers.get(ACCEPT), offered=(JSON,))
    predictor = context.service.predictor
    served = predictor.resolve(ref_of(context.parameters))
    decoded = _decode(context, served)
    with admitted_rows(context.call, context.service.bodies):  # however few: no queue of a model bounds features
        features = predictor.transform(decoded.rows, served=served)
    body = encode_features(features.names, features.matrix, single=decoded.single)
    context.trace.unseen = count_unseen(served.signature, decoded.rows)
    return written(body, kind=JSON, headers=_told(context.trace, served))


# What requests say of themselves repeats from one to the next: each saying is read once.
@lru_cache(maxsize=256)
def _asked_for(query: str) -> tuple[bool, bool]:
    """Return whether probabilities and timing are asked for."""
    parameters = parse_query(query, "probabilities", "timing")
    return truth(parameters, "probabilities"), truth(parameters, "timing")


@lru_cache(maxsize=256)
def _given(accept: str | None) -> str:
    return choose(accept, offered=_FORMATS)


@lru_cache(maxsize=256)
def _taken(content_type: str | None, encoding: str | None) -> str:
    return media_type(content_type, offered=_FORMATS, encoding=encoding)


def _predict(context: Context, ref: ModelRef | None) -> Reply:
    wants, timing = _asked_for(context.call.query)
    kind = _given(context.call.headers.get(ACCEPT))
    predictor, trace = context.service.predictor, context.trace
    trace.asked = ref = ref or predictor.default()
    target = predictor.route(ref)
    began = time.perf_counter()
    if isinstance(target, Split):
        split: Split | None = target
        context, served = choose_version(context, target, kind=_taken_of(context))
    else:
        split, served = None, target
    decoded = _decode(context, served)
    read = time.perf_counter()
    request = PredictRequest(model=served.ref, rows=decoded.rows, probabilities=wants, id=trace.request_id)
    if decoded.rows.count >= context.service.settings.batch_rows:
        response = _predict_many(context, request, served=served, split=split)
    else:
        response = predictor.predict(request, served=served, split=split)
    answered = time.perf_counter()
    body = encode_json(response, single=decoded.single) if kind == JSON else encode_csv(response)
    trace.unseen = response.unseen
    headers = _told(trace, served)
    if timing:
        headers = (*headers, _server_timing(began, read, answered, waited=response.prediction.waited))
    return written(body, kind=kind, headers=headers)


def _predict_many(context: Context, request: PredictRequest, *, served: Served, split: Split | None) -> PredictResponse:
    """Ask about so many rows that the model's own queue lets them pass by: a few such requests at a time."""
    with admitted_rows(context.call, context.service.bodies):
        return context.service.predictor.predict(request, served=served, split=split)


def _taken_of(context: Context) -> str:
    headers = context.call.headers
    return _taken(headers.get(CONTENT_TYPE), headers.get(CONTENT_ENCODING))


def _decode(context: Context, served: Served) -> Decoded:
    context.trace.served = served
    kind = _taken_of(context)
    most = context.service.settings.max_rows
    if kind == CSV:
        decoded = decode_csv(served.signature, context.call.read(), max_rows=most)
    else:
        decoded = decode_json(served.signature, context.call.read(), max_rows=most, typed=served.typed)
    context.trace.rows = decoded.rows.count
    return decoded


def _told(trace: Trace, served: Served) -> tuple[tuple[str, str], ...]:
    """Return the headers that say which version answered, and how many category values it had never met."""
    model = ("X-Carafe-Model", served.text)
    return (model, ("X-Carafe-Unseen", str(trace.unseen))) if trace.unseen else (model,)


def _server_timing(began: float, read: float, answered: float, *, waited: float) -> tuple[str, str]:
    """Return where the time went, in milliseconds, in the form that browsers and proxies show (W3C Server Timing)."""
    parts = {
        "decode": read - began,
        "wait": waited,
        "run": answered - read - waited,
        "encode": time.perf_counter() - answered,
    }
    return "Server-Timing", ", ".join(f"{name};dur={1000 * seconds:.3f}" for name, seconds in parts.items())
