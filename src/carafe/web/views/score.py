"""Tables of any length: taken in whole on disk, answered by the batch while the reply is sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from itertools import chain
from pathlib import Path
from tempfile import NamedTemporaryFile

from carafe.errors import BodyTooLarge, InvalidParameter, MalformedBody, MissingExtra, ServerBusy
from carafe.protocols.media import ARROW, CSV, JSON_LINES, PARQUET, choose, media_type
from carafe.web.blueprint import CUT_SHORT
from carafe.web.call import ACCEPT, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, Reply
from carafe.web.query import read_query, truth
from carafe.web.reference import ref_of
from carafe.web.route import Context
from carafe.web.service import Service, most_tables

_TAKEN = (CSV, JSON_LINES, PARQUET, ARROW)
_GIVEN = (CSV, JSON_LINES, ARROW)
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a request asks for beside the answers."""

    probabilities: bool
    prediction: str | None
    """The name of the column of answers; None for the usual one."""
    keep: bool
    """Whether the table's own columns are sent back."""


def score(context: Context) -> Reply:
    """Score a table with the version that the path names."""
    wish = _wish_of(context)
    headers = context.call.headers
    taken = media_type(headers.get(CONTENT_TYPE), offered=_TAKEN, encoding=headers.get(CONTENT_ENCODING))
    alike = taken if taken in _GIVEN else ARROW  # unless told otherwise, as it came
    given = choose(headers.get(ACCEPT), offered=tuple(dict.fromkeys([alike, *_GIVEN])))
    served = context.trace.served = context.service.predictor.resolve(ref_of(context.parameters))
    pieces = _pieces(context, wish, taken, given)
    first = next(pieces)  # what is wrong with the whole is said while there is a status to say it with
    told = (("Content-Type", given), ("X-Carafe-Model", served.text))
    return Reply(headers=told, stream=chain([first], pieces))


def _wish_of(context: Context) -> Wish:
    query = read_query(context.call, "probabilities", "keep", "prediction")
    if query.get("keep", "all") not in {"all", "none"}:
        raise InvalidParameter(f"keep: got {query['keep'][:60]!a}, expected all or none")
    return Wish(
        probabilities=truth(query, "probabilities"),
        prediction=query.get("prediction") or None,
        keep=query.get("keep") != "none",
    )


def _pieces(context: Context, wish: Wish, taken: str, given: str) -> Iterator[bytes]:
    try:
        bulk = import_module("carafe.web.bulk")  # loads polars
    except ModuleNotFoundError as error:
        raise MissingExtra.of("scoring tables", error) from error
    with _place(context.service), _spooled(context) as table:
        yield from bulk.pieces(context, table, wish=wish, taken=taken, given=given)


@contextmanager
def _place(service: Service) -> Iterator[None]:
    """Keep one of the places for tables for one block, so that they leave threads to everybody else.

    Raises:
        ServerBusy: when all are taken.
    """
    if not service.tables.acquire(blocking=False):
        most = most_tables(service.settings)
        raise ServerBusy(f"got a table while {most} are being scored, expected no more at once; ask again later")
    try:
        yield
    finally:
        service.tables.release()


@contextmanager
def _spooled(context: Context) -> Iterator[Path]:
    """Write the body to a temporary file for one block.

    A client that sends a long body rarely reads before all of it is sent: answers that came meanwhile would fill the
    pipes, and both sides would wait for ever.
    """
    most, read = context.service.settings.max_table_bytes, context.call.stream
    if read is None:  # no mount leaves it out that has this route
        raise AssertionError
    length = context.call.headers.get(CONTENT_LENGTH) or ""
    promised = int(length[:20]) if length.isdecimal() else 0
    with NamedTemporaryFile(prefix="carafe-") as file:
        size = 0
        while promised <= most and size <= most and (piece := read(_PIECE)):
            file.write(piece)
            size += len(piece)
        if max(promised, size) > most:
            raise BodyTooLarge(f"the table is larger than {most} bytes: send it in parts")
        if size < promised:
            raise MalformedBody(CUT_SHORT)
        file.flush()
        yield Path(file.name)
