"""Arrow IPC taken apart into its messages, so that a stream of any length passes through in bounded memory.

Source: the Arrow columnar format, "Encapsulated message format" and "IPC streaming format"; only what tells one
message from the next is read here, and polars reads what they hold.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from carafe.errors import UnreadableTable

MAGIC = b"ARROW1\0\0"
"""What an Arrow file begins with, which has its table of contents at its end."""

END = b"\xff\xff\xff\xff\0\0\0\0"
"""What a stream ends with."""

MAX_MESSAGE = 2 * 1024**3
"""The largest message, in bytes."""

_CONTINUATION = b"\xff\xff\xff\xff"


class MessageKind(IntEnum):
    """What a message holds."""

    SCHEMA = 1
    DICTIONARY = 2
    RECORDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a stream, as it came."""

    kind: int
    content: bytes
    dictionary: int = 0
    """Which dictionary it brings."""
    delta: bool = False
    """Whether it adds to the dictionary."""


def messages(read: Callable[[int], bytes], *, name: str) -> Iterator[Message]:
    """Yield the messages of a stream, up to its end.

    Raises:
        UnreadableTable: when it is none, is cut short, or has a message of more than MAX_MESSAGE bytes.
    """
    head = _exactly(read, 8, name)
    if head == MAGIC:
        raise UnreadableTable(f"{name} is an Arrow file, which no pipe can bring: send an Arrow stream")
    while head:
        if head[:4] != _CONTINUATION:
            raise UnreadableTable(f"{name} is no Arrow IPC stream")
        (size,) = struct.unpack_from("<i", head, 4)
        if not size:
            return
        metadata = _exactly(read, _sane(size, name), name)
        message, length = _parse(metadata, name)
        body = _exactly(read, _sane(length, name), name)
        yield Message(
            kind=message.kind, content=head + metadata + body, dictionary=message.dictionary, delta=message.delta
        )
        head = _exactly(read, 8, name, or_none=True)


def _sane(size: int, name: str) -> int:
    if not 0 <= size <= MAX_MESSAGE:
        raise UnreadableTable(f"{name}: an Arrow message of {size:,} bytes, at most {MAX_MESSAGE:,} are read")
    return size


def _exactly(read: Callable[[int], bytes], size: int, name: str, *, or_none: bool = False) -> bytes:
    pieces, missing = [], size
    while missing and (piece := read(missing)):
        pieces.append(piece)
        missing -= len(piece)
    if missing and not (or_none and missing == size):
        raise UnreadableTable(f"{name} ends in the middle of an Arrow message: it was cut short")
    return b"".join(pieces)


def _parse(metadata: bytes, name: str) -> tuple[Message, int]:
    """Return a message's kind and the length of its body, which its flatbuffer tells."""
    try:
        table = _table(metadata, 0)
        kind = metadata[_field(metadata, table, 1)]
        at = _field(metadata, table, 3)
        length = struct.unpack_from("<q", metadata, at)[0] if at else 0
        dictionary, delta = 0, False
        if kind == MessageKind.DICTIONARY:
            inner = _table(metadata, _field(metadata, table, 2))
            at = _field(metadata, inner, 0)
            dictionary = struct.unpack_from("<q", metadata, at)[0] if at else 0
            at = _field(metadata, inner, 2)
            delta = bool(at and metadata[at])
    except (struct.error, IndexError):
        raise UnreadableTable(f"{name}: an Arrow message that can't be read") from None
    return Message(kind=kind, content=b"", dictionary=dictionary, delta=delta), length


def _table(buffer: bytes, at: int) -> int:
    """Return where the table stands that the offset at ``at`` points to."""
    return at + int(struct.unpack_from("<I", buffer, at)[0])


def _field(buffer: bytes, table: int, index: int) -> int:
    """Return where a table's field stands; 0 where it has its default."""
    vtable = table - struct.unpack_from("<i", buffer, table)[0]
    (size,) = struct.unpack_from("<H", buffer, vtable)
    slot = 4 + 2 * index
    if slot >= size:
        return 0
    (offset,) = struct.unpack_from("<H", buffer, vtable + slot)
    return table + offset if offset else 0
