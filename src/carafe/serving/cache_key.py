"""The key under which a row's answer is kept: of its version, the kind of answer, and the row in whatever spelling."""

from __future__ import annotations

from hashlib import blake2b

import msgspec

from carafe.schema import Kind, Rows, Signature
from carafe.schema.rows import Cell, Record, records_of

_NUMBERS = {Kind.NUMBER, Kind.INTEGER, Kind.BOOLEAN}
_PERSON = b"carafe answer 1"
"""Sets these digests apart from any others; the number changes when the form of a row or of an answer does."""


class RowKeys:
    """Makes the keys of one version.

    Args:
        identity: the digest of the version's manifest, which holds those of all its files: a version of another
            content never has the same keys, whatever its name and number.
        signature: its columns.
        secret: known to the home alone, so that who can read keys can't tell rows by trying.
    """

    def __init__(self, *, identity: str, signature: Signature, secret: bytes) -> None:
        self._numbers = [index for index, column in enumerate(signature.columns) if column.kind in _NUMBERS]
        self._signature = signature
        self._encode = msgspec.msgpack.Encoder().encode
        key = blake2b(secret, person=_PERSON).digest()
        self._plain, self._chances = (
            blake2b(identity.encode() + flag, digest_size=32, key=key, person=_PERSON) for flag in (b"\0", b"\1")
        )

    def of(self, rows: Rows, *, probabilities: bool) -> list[bytes]:
        """Return each row's key, 32 bytes; equal values give equal keys: 1 and 1.0, None and NaN."""
        begun = self._chances if probabilities else self._plain
        return [self._key(begun.copy(), record) for record in records_of(self._signature, rows)]

    def _key(self, begun: blake2b, record: Record) -> bytes:
        row: list[Cell] = list(record)
        for index in self._numbers:
            value = row[index]
            if value is not None:
                number = float(value)
                row[index] = number if number == number else None  # noqa: PLR0124 - NaN is missing
        begun.update(self._encode(row))
        return begun.digest()
