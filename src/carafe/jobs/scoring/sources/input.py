"""Where a table's bytes come from, whatever its format: a file, a pipe, a request's body."""

from __future__ import annotations

import codecs
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from carafe.errors import UnreadableTable
from carafe.tables.sniff import find_encoding

_PIECE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """An open input. Only a file can be read from the middle, so only a file can be taken up again."""

    name: str
    """What messages call it."""
    read: Callable[[int], bytes]
    """Returns at most so many bytes; none at the end."""
    path: Path | None = None
    file: BinaryIO | None = None
    is_body: bool = False
    """Whether a request brought it, whose client has no options to set."""
    size: int = 0
    """In bytes; 0 where nobody knows."""

    @property
    def done(self) -> float:
        """The share that has been read; 0 throughout where the size is not known."""
        return self.file.tell() / self.size if self.file is not None and self.size else 0.0


@contextmanager
def opened(path: Path) -> Iterator[Input]:
    """Open a file for one block.

    Raises:
        UnreadableTable: when it is none, or can't be read.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            yield Input(name=path.name, read=file.read, path=path, file=file, size=size)
    except IsADirectoryError:
        raise UnreadableTable(f"{path} is a folder: name one file") from None
    except FileNotFoundError as error:
        if error.filename != str(path):
            raise
        raise UnreadableTable(f"there is no file {path}") from None
    except PermissionError as error:
        if error.filename != str(path):
            raise
        raise UnreadableTable(f"{path}: {error.strerror}") from None


class Feed:
    """Text as UTF-8 bytes, of which some are held until they are consumed."""

    def __init__(self, source: Input, *, encoding: str | None = None) -> None:
        self.name = source.name
        self.is_body = source.is_body
        self.rest = b""
        """What was read and not yet consumed."""
        self.offset = 0
        """How many bytes were consumed."""
        self.ended = False
        """Whether everything was read; ``rest`` is then the last of it."""
        self._source = source
        self._plain = source.file
        known = encoding or (find_encoding(source.path) if source.path is not None else "utf-8")
        self.encoding = codecs.lookup(known).name
        if self.encoding not in {"utf-8", "utf-8-sig", "ascii"}:
            self._read: Callable[[int], bytes]
            self._decoder = codecs.getincrementaldecoder(known)()
            self._read = self._transcoded
            self._plain = None
        else:
            self._read = source.read
        self.fill(_PIECE >> 4)
        self._mark = len(codecs.BOM_UTF8) if self.rest.startswith(codecs.BOM_UTF8) else 0
        self.rest = self.rest[self._mark :]

    @property
    def done(self) -> float:
        """The share of the input that has been read."""
        return self._source.done

    def fill(self, most: int) -> None:
        """Read until ``rest`` has ``most`` bytes, or there are no more."""
        pieces, held = [self.rest], len(self.rest)
        while held < most and not self.ended:
            piece = self._read(max(most - held, _PIECE))
            self.ended = not piece
            pieces.append(piece)
            held += len(piece)
        if len(pieces) > 1:
            self.rest = b"".join(pieces)

    def consume(self, count: int) -> None:
        """Let go of the first ``count`` bytes of ``rest``."""
        self.rest = self.rest[count:]
        self.offset += count

    def skip_to(self, offset: int) -> None:
        """Go on from ``offset``, which lies ahead."""
        if self._plain is not None:
            self._plain.seek(self._mark + offset)
            self.rest, self.offset, self.ended = b"", offset, False
        while self.offset < offset and not (self.ended and not self.rest):
            self.fill(min(offset - self.offset, _PIECE))
            self.consume(min(offset - self.offset, len(self.rest)))

    def _transcoded(self, most: int) -> bytes:
        """Return at least one byte, unless the input has ended."""
        while True:
            piece = self._source.read(most)
            try:
                text = self._decoder.decode(piece, final=not piece)
            except UnicodeError as error:
                raise UnreadableTable(
                    f"{self.name} is not {self.encoding} text ({error}): give its encoding with --encoding"
                ) from None
            if text or not piece:
                return text.encode()
