"""The column plan: what turns a row of a signature into a row of numbers, as plain data.

A plan works on slots. Slots 0 to n-1 are the signature's columns, in order; every operation reads earlier slots and
appends one, or as many as its table has columns. A slot holds what its column holds (a string, a moment), or a float64
in which NaN means missing; whatever an operation appends is such a number. ``outputs`` names the slots that are, in
order, the matrix.

NaN is written as None wherever a plan has numbers, since JSON has none; infinity does not occur.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec

from carafe.models.lowering.op import Op
from carafe.models.lowering.words import Words
from carafe.schema import Kind

MAX_DENSE = 10_000
"""The widest matrix that a kernel may take; beyond, a sparse matrix in scikit-learn itself costs less."""

MAX_OUTPUTS = 100_000
"""The most numbers that a plan may give; so many only where none of them is written down: words that a line adds up."""

MAX_OPS = 10_000
"""The most operations of a plan; scikit-learn itself is quicker with thousands of words that are all scaled."""

FunctionName = Literal["log", "log2", "log10", "log1p", "exp", "expm1", "sqrt", "cbrt", "square", "abs", "sin", "cos"]
"""The functions of numpy's that a plan may apply."""

IntegerName = Literal["int8", "int16", "int32", "uint8", "uint16", "uint32", "uint64"]
"""The types of numpy's that hold fewer whole numbers than a row does."""

PartName = Literal[
    "year",
    "quarter",
    "month",
    "day",
    "day-of-year",
    "weekday",
    "weekend",
    "hour",
    "minute",
    "days",
    "year-sine",
    "year-cosine",
    "week-sine",
    "week-cosine",
    "day-sine",
    "day-cosine",
]
"""The parts of a date-time, as `carafe.models.steps.DatePart` names them."""

Values = tuple[float | None, ...]
"""Numbers, None for NaN."""


class Input(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One column of the signature: its name, its kind, and whether it may be missing."""

    name: str
    kind: Kind
    nullable: bool


class Missing(Op, tag="missing", frozen=True, kw_only=True):
    """1 where a column or number is missing, else 0."""

    slot: int


class Impute(Op, tag="impute", frozen=True, kw_only=True):
    """The number, ``fill`` where it is missing."""

    slot: int
    fill: float


class Blank(Op, tag="blank", frozen=True, kw_only=True):
    """The number, missing where it is one of ``values``."""

    slot: int
    values: tuple[float, ...]


class Operator(StrEnum):
    """Arithmetic of a number and a constant."""

    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "/"


class Arithmetic(Op, tag="arithmetic", frozen=True, kw_only=True):
    """The number plus, minus, times or divided by a constant, which is not 0 where it divides."""

    slot: int
    operator: Operator
    by: float


class Limit(Op, tag="limit", frozen=True, kw_only=True):
    """The number, moved to the nearer bound where it lies outside; None = no bound."""

    slot: int
    low: float | None
    high: float | None


class Outside(Op, tag="outside", frozen=True, kw_only=True):
    """1 where the number lies outside its bounds, else 0; a missing one lies inside. None = no bound."""

    slot: int
    low: float | None
    high: float | None


class Replace(Op, tag="replace", frozen=True, kw_only=True):
    """The number, ``by`` where it lies outside its bounds; a missing one stays missing. None = no bound."""

    slot: int
    low: float | None
    high: float | None
    by: float | None


class Above(Op, tag="above", frozen=True, kw_only=True):
    """1 where the number is above the threshold, else 0."""

    slot: int
    threshold: float


class Cut(Op, tag="cut", frozen=True, kw_only=True):
    """How many of the rising edges are at most the number: the bin it falls into; -1 where it is missing."""

    slot: int
    edges: tuple[float, ...]


class Single(Op, tag="single", frozen=True, kw_only=True):
    """The number, rounded to single precision as a table of 32-bit floats holds it."""

    slot: int


class Wrap(Op, tag="wrap", frozen=True, kw_only=True):
    """The number as numpy makes a narrow integer of it; a missing one stays missing."""

    slot: int
    dtype: IntegerName


class Function(Op, tag="function", frozen=True, kw_only=True):
    """A function of numpy's of the number."""

    slot: int
    name: FunctionName


class Power(Op, tag="power", frozen=True, kw_only=True):
    """The number to the power that Yeo and Johnson (2000) define, computed in the order in which scipy does."""

    slot: int
    exponent: float


class Check(Op, tag="check", frozen=True, kw_only=True):
    """The number; refused where it is infinite, or where it is missing unless ``missing`` is allowed.

    scikit-learn's steps look at what they are given, and refuse it as a whole. ``low`` and ``high`` are the range of a
    narrow integer type, into which a library refuses to put anything else; None = no bound.
    """

    slot: int
    missing: bool
    low: float | None = None
    high: float | None = None


class Ratio(Op, tag="ratio", frozen=True, kw_only=True):
    """One number divided by another, missing where either is or where the result is not finite."""

    numerator: int
    denominator: int

    @property
    def reads(self) -> tuple[int, ...]:
        """The slots that it reads."""
        return (self.numerator, self.denominator)


class Product(Op, tag="product", frozen=True, kw_only=True):
    """The product of numbers, from the first to the last; missing where it is not finite, if ``finite``."""

    slots: tuple[int, ...]
    finite: bool = True

    @property
    def reads(self) -> tuple[int, ...]:
        """The slots that it reads."""
        return self.slots


class Sum(Op, tag="sum", frozen=True, kw_only=True):
    """The sum of numbers, from the first to the last; missing where it is not finite."""

    slots: tuple[int, ...]

    @property
    def reads(self) -> tuple[int, ...]:
        """The slots that it reads."""
        return self.slots


class Elapsed(Op, tag="elapsed", frozen=True, kw_only=True):
    """The time from one moment to another, in units of so many microseconds; missing where either is."""

    start: int
    end: int
    unit: float

    @property
    def reads(self) -> tuple[int, ...]:
        """The slots that it reads."""
        return (self.start, self.end)


class Date(Op, tag="date", frozen=True, kw_only=True):
    """One part of a moment as a number, missing where the moment is."""

    slot: int
    part: PartName


class Lookup(Op, frozen=True, kw_only=True):
    """What a table of categories has beside its entries: where the categories come from, and who else may come.

    The entries follow the keys; after them comes one for a missing value and one for a value that is none of the keys.
    ``refused`` are the positions of entries that the fitted encoder raises an error for: such a row is refused, and
    named. Strings are compared with strings; numbers, which stand in number slots, as numbers.
    """

    slot: int
    keys: tuple[str | float, ...]
    refused: tuple[int, ...] = ()
    whole: bool = False
    """Whether the keys are whole numbers in strings; a string that is none is refused like an entry."""

    @property
    def entries(self) -> int:
        """How many entries there are: the keys, missing, unknown."""
        return len(self.keys) + 2


class Table(Lookup, tag="table", frozen=True, kw_only=True):
    """Some numbers for each category. ``rows`` has one row an entry, all of one length, one slot a column."""

    rows: tuple[Values, ...]

    @property
    def width(self) -> int:
        """How many slots it appends."""
        return len(self.rows[0])


class OneHot(Lookup, tag="one-hot", frozen=True, kw_only=True):
    """As many numbers as ``off``, of which a category turns at most one on.

    ``hot`` says for each entry which one, -1 = none; that one is what ``on`` has there, all others what ``off`` has.
    """

    hot: tuple[int, ...]
    off: Values
    on: Values

    @property
    def width(self) -> int:
        """How many slots it appends."""
        return len(self.off)


AnyOp = (
    Missing
    | Impute
    | Blank
    | Arithmetic
    | Limit
    | Outside
    | Replace
    | Above
    | Cut
    | Single
    | Wrap
    | Function
    | Power
    | Check
    | Ratio
    | Product
    | Sum
    | Elapsed
    | Date
    | Table
    | OneHot
    | Words
)


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Operations from a signature's columns to a matrix of numbers.

    Raises:
        ValueError: when an operation reads a slot that is not there yet, an output does not exist, a table's entries
            do not fit together, or words are looked for where no text is (a ``msgspec.ValidationError`` where the
            plan is decoded).
    """

    inputs: tuple[Input, ...]
    ops: tuple[AnyOp, ...]
    outputs: tuple[int, ...]

    def __post_init__(self) -> None:
        count = len(self.inputs)
        for op in self.ops:
            _check(op.reads, count)
            if isinstance(op, Lookup):
                _check_entries(op)
            elif isinstance(op, Words):
                _check_words(op, self.inputs)
            count += op.width
        _check(self.outputs, count)
        if len(self.outputs) > MAX_OUTPUTS or len(self.ops) > MAX_OPS:
            raise ValueError(
                f"a plan of {len(self.outputs)} outputs by {len(self.ops)} operations, expected at most {MAX_OUTPUTS} "
                f"by {MAX_OPS}"
            )


def _check(slots: tuple[int, ...], count: int) -> None:
    for slot in slots:
        if not 0 <= slot < count:
            raise ValueError(f"slot {slot} is read where there are {count}")


def _check_entries(op: Lookup) -> None:
    if isinstance(op, Table):
        sound = len(op.rows) == op.entries and all(len(row) == op.width for row in op.rows)
    elif isinstance(op, OneHot):
        sound = len(op.hot) == op.entries and len(op.on) == op.width
        sound = sound and all(-1 <= hot < op.width for hot in op.hot)
    else:
        sound = False
    if not sound or not all(0 <= entry < op.entries for entry in op.refused):
        raise ValueError(f"a table of {len(op.keys)} keys whose entries do not fit them")


def _check_words(op: Words, inputs: tuple[Input, ...]) -> None:
    if op.slot >= len(inputs) or inputs[op.slot].kind not in {Kind.TEXT, Kind.CATEGORY}:
        raise ValueError(f"slot {op.slot} is read as a text and holds none")
    if op.weighing.idf is not None and len(op.weighing.idf) != op.width:
        raise ValueError(f"{len(op.weighing.idf)} weights of {op.width} terms")
