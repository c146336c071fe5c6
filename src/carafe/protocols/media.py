"""Which format a body came in, and which one the client wants back."""

from __future__ import annotations

from email.message import Message

from carafe.errors import NotAcceptable, UnsupportedMediaType

JSON = "application/json"
CSV = "text/csv"
JSON_LINES = "application/x-ndjson"
PARQUET = "application/vnd.apache.parquet"
ARROW = "application/vnd.apache.arrow.stream"
PROBLEM = "application/problem+json"
FORM = "application/x-www-form-urlencoded"
"""What curl says of a body unless it is told otherwise."""

_UTF8 = {"utf-8", "utf8", "us-ascii"}


def media_type(content_type: str | None, *, offered: tuple[str, ...], encoding: str | None = None) -> str:
    """Return the one of ``offered`` that a body is; the first where the client did not say.

    Raises:
        UnsupportedMediaType: for another type, a charset that is not UTF-8, or a compressed body.
    """
    if encoding and encoding.strip().lower() != "identity":
        raise UnsupportedMediaType(f"Content-Encoding: got {encoding[:60]!r}, expected a body that is not compressed")
    if not content_type:
        return offered[0]
    header = Message()
    header["content-type"] = content_type.replace("\r", " ").replace("\n", " ")
    kind = header.get_content_type() if "/" in content_type else ""
    if kind not in offered:
        came = content_type.partition(";")[0].strip()[:60]
        hint = f"; with curl, add -H 'Content-Type: {offered[0]}'" if came == FORM else ""
        raise UnsupportedMediaType(f"Content-Type: got {came!r}, expected {' or '.join(offered)}{hint}")
    charset = header.get_content_charset("utf-8")
    if charset not in _UTF8:
        raise UnsupportedMediaType(f"Content-Type: got charset {charset[:60]!r}, expected utf-8")
    return kind


def choose(accept: str | None, *, offered: tuple[str, ...]) -> str:
    """Return the one of ``offered`` that the Accept header likes best; the first of equals.

    Raises:
        NotAcceptable: when the header rules out all of them.
    """
    if not accept or not accept.strip():
        return offered[0]
    ranges = dict(filter(None, map(_range, accept.split(","))))
    if not ranges:
        return offered[0]
    weights = [_weight(ranges, kind) for kind in offered]
    if max(weights) <= 0:
        raise NotAcceptable(f"Accept: got {accept[:120]!r}, this route answers in {' or '.join(offered)}")
    return offered[weights.index(max(weights))]


def _range(text: str) -> tuple[str, float] | None:
    """Read one media range and its weight; None where it is not well formed, which counts as not said."""
    kind, *parameters = (part.strip().lower() for part in text.split(";"))
    weight = 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                weight = float(value)
            except ValueError:
                return None
    return (kind, weight) if "/" in kind and 0 <= weight <= 1 else None


def _weight(ranges: dict[str, float], kind: str) -> float:
    """Return the weight of the most specific range that covers ``kind``; 0 where none does."""
    for covering in (kind, f"{kind.partition('/')[0]}/*", "*/*"):
        if covering in ranges:
            return ranges[covering]
    return 0.0
