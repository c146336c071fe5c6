"""JSON records read straight into the types of a signature: for the bodies that fit it, which is nearly all of them.

A body that does not fit, or that this reading can't judge, is left to the thorough reading in ``native``, which accepts
or refuses it with reasons. So nothing is accepted here that the thorough reading would refuse, and what is accepted
becomes the same rows; a property test compares the two.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec

from carafe.errors import FieldProblem
from carafe.protocols.first_problem import first_problem
from carafe.schema import Column, Kind, Signature
from carafe.schema.rows import Record
from carafe.schema.values import EXACT_INTEGER

_MEMBER = re.compile(rb'"\s*:')
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - rows hold date-times in UTC without saying so
_MICROSECOND = timedelta(microseconds=1)

# Both bounds are left out: 2^53 is also what 2^53 + 1 is rounded to.
_NUMBER = Annotated[float, msgspec.Meta(gt=-float(EXACT_INTEGER), lt=float(EXACT_INTEGER))]
_INTEGER = Annotated[int, msgspec.Meta(ge=-EXACT_INTEGER, le=EXACT_INTEGER)]
_TYPES: dict[Kind, Any] = {
    Kind.NUMBER: _NUMBER,
    Kind.INTEGER: _INTEGER,
    Kind.BOOLEAN: bool,
    Kind.CATEGORY: str,
    Kind.TEXT: str,
    Kind.DATETIME: str,
}


class TypedRecords:
    """The JSON reading of one signature's records."""

    def __init__(self, signature: Signature) -> None:
        self._signature = signature
        types = [_type(column) for column in signature.columns]
        fields = [(f"c{index}", kind) for index, kind in enumerate(types)]
        names = {f"c{index}": name for index, name in enumerate(signature.names)}
        record = msgspec.defstruct("Record", fields, rename=names, forbid_unknown_fields=True, gc=False)
        listed: Any = tuple[tuple(types)] if types else tuple[()]  # type: ignore[misc] # made of values
        self._width = len(fields)
        self._one = msgspec.json.Decoder(record)
        self._one_listed = msgspec.json.Decoder(listed)
        self._many = msgspec.json.Decoder(list[record])  # type: ignore[valid-type] # a type made just now
        self._many_listed = msgspec.json.Decoder(list[listed])
        self._converters = tuple(filter(None, map(_converter, range(self._width), signature.columns)))

    def one(self, body: bytes) -> Record | None:
        """Return the record in a body that holds one, as an object or a flat list; None where it is not sure."""
        try:
            if body.startswith(b"{"):
                record: Record = msgspec.structs.astuple(self._one.decode(body))
                if self._may_repeat(body, records=1):
                    return None
            else:
                record = self._one_listed.decode(body)
            return self._converted((record,))[0] if self._converters else record
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, _Unreadable):
            return None

    def many(self, body: bytes) -> Sequence[Record] | None:
        """Return the records of a body that lists objects or lists; None where it is not sure."""
        try:
            if body[1:64].lstrip().startswith(b"{"):
                objects = self._many.decode(body)
                if self._may_repeat(body, records=len(objects)):
                    return None
                records: Sequence[Record] = [msgspec.structs.astuple(item) for item in objects]
            else:
                records = self._many_listed.decode(body)
            return self._converted(records) if self._converters else records
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, _Unreadable):
            return None

    def refusal(self, body: bytes) -> FieldProblem | None:
        """Return the first problem of a body that did not fit, without reading further; None where it may yet fit."""
        inner = body[1:64].lstrip()
        listed = body.startswith(b"[") and inner.startswith((b"{", b"["))
        decoder: msgspec.json.Decoder[Any]
        if listed:
            decoder = self._many if inner.startswith(b"{") else self._many_listed
        else:
            decoder = self._one if body.startswith(b"{") else self._one_listed
        try:
            decoder.decode(body)
        except msgspec.ValidationError as error:
            return first_problem(self._signature, str(error), listed=listed)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        return None

    def _may_repeat(self, body: bytes, *, records: int) -> bool:
        """Tell whether an object may name a field twice; every member costs the text at least one colon."""
        members = records * self._width
        return body.count(b":") != members and len(_MEMBER.findall(body)) != members

    def _converted(self, records: Sequence[Record]) -> Sequence[Record]:
        converted = []
        for record in records:
            values = list(record)
            for index, convert in self._converters:
                if values[index] is not None:
                    values[index] = convert(values[index])
            converted.append(tuple(values))
        return converted


class _Unreadable(Exception):
    """Raised when a text is no date-time that this reading knows."""


def _type(column: Column) -> Any:  # noqa: ANN401 - a type
    kind = _TYPES[column.kind]
    if column.is_numbered:
        kind = int | str  # 3.0 is left to the thorough reading
    return kind | None if column.nullable else kind


def _converter(index: int, column: Column) -> tuple[int, Callable[[Any], Any]] | None:
    if column.kind is Kind.DATETIME:
        return index, _microseconds
    if column.is_numbered:
        return index, str
    return None


def _microseconds(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
        naive = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        raise _Unreadable from None
    return (naive - _EPOCH) // _MICROSECOND
