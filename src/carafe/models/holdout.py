"""Held-out rows with their truth, kept with a version, so that another one can be asked about the same rows.

They are rows of the table, and whoever may read the version's files may read them. ``keep_rows = false`` in the recipe
leaves them out.
"""

from __future__ import annotations

import math

import msgspec
import numpy as np
from numpy.typing import NDArray

from carafe.errors import CorruptArtefact
from carafe.models.golden import Cell, plain_rows, sendable
from carafe.models.verification import HOLDOUT, Artefact
from carafe.schema import Label, Rows, Signature

MOST_ROWS = 2000
"""How many rows are kept at most: spread evenly from the first held-out row to the last."""

MOST_BYTES = 4 * 1024**2
"""How many bytes they may take; rows of long texts are fewer."""


class Holdout(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rows in signature order as a client would send them, and what each of them came to.

    Raises:
        ValueError: when there is not one truth a row (a ``msgspec.ValidationError`` where it is decoded).
    """

    rows: tuple[tuple[Cell, ...], ...]
    truth: tuple[Label, ...]
    """A number of a regression, the label of a classification, in the type that it has in the signature."""

    def __post_init__(self) -> None:
        if len(self.rows) != len(self.truth):
            raise ValueError(f"held-out rows: {len(self.rows)} rows, but {len(self.truth)} answers")


def encode_holdout(signature: Signature, rows: Rows, truth: NDArray[np.generic]) -> bytes | None:
    """Return held-out rows as an artefact keeps them; None where there is none that a client could send.

    Args:
        signature: what the rows fit.
        rows: all that were held out.
        truth: of shape (n,), labels or numbers.
    """
    most = min(MOST_ROWS, rows.count)
    while most:
        chosen = np.unique(np.linspace(0, rows.count - 1, most).round().astype(np.intp))
        held = _holdout(signature, rows.take(chosen), truth[chosen])
        content = msgspec.json.encode(held)
        if len(content) <= MOST_BYTES:
            return content if held.rows else None
        most //= 2
    return None


def read_holdout(artefact: Artefact) -> Holdout | None:
    """Return the held-out rows that a verified artefact keeps; None where it keeps none.

    Raises:
        CorruptArtefact: when they were changed since they were verified, or are not what Carafe writes.
        StorageUnavailable: when they can't be read now.
    """
    content = artefact.read(HOLDOUT)
    if content is None:
        return None
    try:
        return msgspec.json.decode(content, type=Holdout)
    except msgspec.MsgspecError as error:
        raise CorruptArtefact(f"{HOLDOUT}: not readable ({error})") from error


def _holdout(signature: Signature, rows: Rows, truth: NDArray[np.generic]) -> Holdout:
    pairs = [
        (tuple(row), answer)
        for row, answer in zip(plain_rows(signature, rows), truth.tolist(), strict=True)
        if _known(answer) and all(sendable(c, v) for c, v in zip(signature.columns, row, strict=True))
    ]
    return Holdout(rows=tuple(row for row, _ in pairs), truth=tuple(answer for _, answer in pairs))


def _known(answer: object) -> bool:
    return not isinstance(answer, float) or math.isfinite(answer)
