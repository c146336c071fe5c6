"""A table's request, as a job of bulk scoring. Loads polars, so import it only for such a request."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from carafe.errors import CarafeError, DeadlineExceeded
from carafe.jobs.scoring.formats import Format
from carafe.jobs.scoring.order import PREDICTION, Order
from carafe.jobs.scoring.reply import reply
from carafe.jobs.scoring.terms import Answerer
from carafe.jobs.scoring.trial import try_reading
from carafe.protocols.media import ARROW, CSV, JSON_LINES, PARQUET
from carafe.protocols.problem import is_outage, status_of
from carafe.schema import Prediction, PredictRequest, Rows
from carafe.serving.deadline import deadline, until
from carafe.web.route import Context
from carafe.web.views.score import Wish

_LOG = logging.getLogger("carafe.web")
_FORMATS = {CSV: Format.CSV, JSON_LINES: Format.JSONL, ARROW: Format.ARROW, PARQUET: Format.PARQUET}


def pieces(context: Context, table: Path, *, wish: Wish, taken: str, given: str) -> Iterator[bytes]:
    """Yield the answers to a table by the version that ``context.trace`` names, as ``reply`` does.

    Args:
        context: the request.
        table: the file that holds its body.
        wish: what is sent beside the answers.
        taken: the media type of the body.
        given: that of the reply.
    """
    order = Order(
        probabilities=wish.probabilities,
        prediction=wish.prediction or PREDICTION,
        keep=None if wish.keep else (),
    )
    trace, served = context.trace, context.trace.served
    if served is None:  # the view resolves the version first
        raise AssertionError

    latest = deadline()

    def ask(rows: Rows) -> Prediction:
        request = PredictRequest(model=served.ref, rows=rows, probabilities=order.probabilities, id=trace.request_id)
        with until(latest):  # most batches are asked about after the view has returned
            response = context.service.predictor.predict(request, served=served)
        trace.rows += rows.count
        trace.unseen += response.unseen
        return response.prediction

    if not _FORMATS[taken].text:
        try_reading(table, _FORMATS[taken])
    answerer = Answerer(name=served.text, artefact="", signature=served.signature, ask=ask)
    return reply(answerer, table, (_FORMATS[taken], _FORMATS[given]), order=order, tell=_told)


def _told(error: Exception) -> str:
    """Return what a client may know of an error that came after the reply had begun; the log gets all of it."""
    if isinstance(error, DeadlineExceeded):  # as many as come, and nothing is wrong here
        return str(error)
    trace = None if isinstance(error, CarafeError) and is_outage(error) else error
    _LOG.error("the answers to a table broke off: %s", error, exc_info=trace)
    if not isinstance(error, CarafeError):
        return "something went wrong inside the server"
    return str(error) if status_of(error) < 500 else error.title
