"""What a scoring job is asked for, and whether the input's columns allow it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from carafe.errors import FieldProblem, InvalidInput, InvalidParameter
from carafe.protocols.native import label_text
from carafe.schema import Signature
from carafe.tables.columns import require_column

PREDICTION = "prediction"
"""What the column of answers is called unless it is told another name."""


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to write beside the answers, and how strict to be."""

    probabilities: bool = False
    """Add a column ``probability_<label>`` a class."""
    prediction: str = PREDICTION
    """The name of the column of answers."""
    keep: tuple[str, ...] | None = None
    """The columns of the input that are written, too; None for all of them."""
    strict: bool = False
    """End at the first record that does not fit, and refuse columns that the model does not know."""

    def answer_names(self, signature: Signature) -> tuple[str, ...]:
        """Return the names of the columns that are added."""
        classes = signature.target.classes if self.probabilities else ()
        return (self.prediction, *(f"probability_{label_text(label)}" for label in classes))

    def kept(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return the columns of the input, which has ``names``, that are written."""
        return tuple(names) if self.keep is None else self.keep


def check_order(
    order: Order,
    *,
    signature: Signature,
    names: Sequence[str],
    misfits: Iterable[FieldProblem],
    added: Sequence[str] = (),
) -> None:
    """Check an order against the input's columns, before anything is scored.

    Args:
        order: what is asked for.
        signature: that of the model.
        names: the input's columns.
        misfits: what is wrong with the types of some.
        added: names of columns that are written beside the input's and the answers.

    Raises:
        InvalidInput: when the input lacks a column of the model, or has it with a type that can't fit; in a strict
            order also for a column that the model does not know.
        UnknownColumn: when a column that is to be kept is not there.
        InvalidParameter: when a column of the input has the name of one that is added, or probabilities are asked of a
            model that predicts a number.
    """
    if order.probabilities and not signature.target.classes:
        raise InvalidParameter("probabilities: this model predicts a number and gives none; ask without them")
    problems = [
        FieldProblem(row=0, field=column.name, got="no such column", expected=f"a column of kind {column.kind}")
        for column in signature.columns
        if column.name not in names
    ]
    if order.strict:
        known = ", ".join(signature.names[:20])
        problems += [
            FieldProblem(row=0, field=name[:60], got="an unknown column", expected=f"one of: {known}")
            for name in names
            if name not in signature.position
        ]
    problems += misfits
    if problems:
        raise InvalidInput(problems[:100])
    for name in order.keep or ():
        require_column(names, name)
    _check_clash(order, (*order.answer_names(signature), *added), order.kept(names))


def _check_clash(order: Order, added: Sequence[str], kept: Sequence[str]) -> None:
    clash = [name for name in added if name in kept]
    if len(set(added)) < len(added):
        clash.append(order.prediction)
    if clash:
        raise InvalidParameter(
            f"the input has a column {clash[0]!r}, and the answers would be called so, too: name them otherwise "
            "(--prediction-column; prediction= over HTTP), or keep only other columns (--id, --only-predictions; "
            "keep=none over HTTP)"
        )
