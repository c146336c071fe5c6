"""What keeps a caller with one of an alias's versions: a header of theirs, or a field of the first record they send."""

from __future__ import annotations

import msgspec

from carafe.protocols.first_field import first_field_csv, first_field_json
from carafe.protocols.media import CSV
from carafe.serving import Served, Split
from carafe.web.call import Call
from carafe.web.route import Context


def choose(context: Context, split: Split, *, kind: str) -> tuple[Context, Served]:
    """Return the version that answers a request, and the context to go on with: a body is read from its mount once.

    Args:
        context: the request.
        split: what its alias points at.
        kind: the media type of the body.

    Raises:
        BodyTooLarge, MalformedBody: when the body has to be looked into and can't be read.
    """
    if split.header is not None:
        given = context.call.headers.get(split.header)
        return context, split.choose((given.strip() or None) if given else None)
    if split.field is None:
        return context, split.choose()
    body = context.call.read()
    look = first_field_csv if kind == CSV else first_field_json
    served = split.choose(look(split.main.signature, body, split.field))
    return msgspec.structs.replace(context, call=_again(context.call, body)), served


def _again(call: Call, body: bytes) -> Call:
    """Return a call whose body was read already."""
    return msgspec.structs.replace(call, read=lambda: body)
