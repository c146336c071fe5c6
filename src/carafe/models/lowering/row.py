"""One row of a plan as source: its operations as expressions, its tables as dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from carafe.models.lowering.dates import express_dates
from carafe.models.lowering.expressions import as_float, express
from carafe.models.lowering.matrix import plan_matrix
from carafe.models.lowering.plan import AnyOp, Check, Date, Input, Lookup, Plan
from carafe.models.lowering.source import Expression, Source
from carafe.models.lowering.tables import Prepared, Run, Wide, homes, prepared_tables
from carafe.models.lowering.vocabulary import Vocabulary
from carafe.schema import Column, Kind, Rows, Signature, Target, Task
from carafe.schema.rows import Record

DENSE = 16_384
"""A table of at most so many numbers is kept as a row for each category; of a larger one, rows are made when asked."""


class Row:
    """The source of one plan, on whose slots results are built."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.source = Source()
        self.source.namespace["refuse"] = _refusal(plan)
        tables = prepared_tables(plan)
        self.homes = homes(plan, tables)
        self._slots = {index: _input(index, each) for index, each in enumerate(plan.inputs)}
        self._uses = _uses(plan)
        self._together = _dates(plan)
        self._rows: dict[int, str] = {}
        """The name of the list of a vocabulary's weights, where somebody needed it."""
        slot = len(plan.inputs)
        for op, table in zip(plan.ops, tables, strict=True):
            if table is None:
                self._append(slot, op)
            elif isinstance(table, Vocabulary):
                self._check_text(table)
            elif table.op.refused or table.op.whole:
                self._check_entry(table)
            slot += op.width

    def compiled(self, result: str) -> Callable[..., Any]:
        """Return the function of a record that returns ``result``."""
        return self.source.compiled(result, inputs=[f"c{index}" for index in range(len(self.plan.inputs))])

    def is_number(self, slot: int) -> bool:
        """Tell whether a slot is no column of a table."""
        return slot not in self.homes

    def tables(self, outputs: Sequence[int]) -> Iterator[tuple[Wide, list[tuple[int, int]]]]:
        """Yield each table or vocabulary among the outputs, with which outputs are which of its columns."""
        members: dict[int, tuple[Wide, list[tuple[int, int]]]] = {}
        for index, slot in enumerate(outputs):
            if slot in self.homes:
                table, column = self.homes[slot]
                members.setdefault(id(table), (table, []))[1].append((index, column))
        yield from members.values()

    def float(self, slot: int) -> str:
        """Return a slot as an expression that is a float."""
        return as_float(self._read(slot)).text

    def named(self, slot: int) -> str:
        """Return a slot as the name of a variable that is a float."""
        return self.source.bound(as_float(self._read(slot))).text

    def numbers(self, run: Run) -> str:
        """Return a run as an expression, or several of them, to stand in a list."""
        if isinstance(run.table, Vocabulary):
            return f"*{self._weights(run.table)}[{run.first}:{run.last}]"
        table, entries, width = run.table, range(run.table.op.entries), run.last - run.first
        if width == 1:
            return self._looked_up(table, table.column(run.first).tolist())
        if width * len(entries) <= DENSE:
            shared: dict[str, float] = {}
            rows = table.rows(np.arange(len(entries)), run.first, run.last).tolist()
            return "*" + self._looked_up(
                table, [tuple(shared.setdefault(repr(one), one) for one in row) for row in rows]
            )
        made = self.source.constant(table.listed(run.first, run.last))
        return f"*{made}({self._looked_up(table, entries)})"

    def contributed(self, table: Wide, columns: Sequence[int], weights: NDArray[np.float64]) -> list[str]:
        """Return what a table's value adds to each score, as expressions; ``weights`` of its columns (columns, t)."""
        single = weights.shape[1] == 1
        if isinstance(table, Vocabulary):
            every = np.zeros((table.op.width, weights.shape[1]))
            np.add.at(every, columns, weights)
            found = f"{self.source.constant(table.scorer(every))}({self._read(table.op.slot).text})"
        else:
            sums = table.dot(columns, weights)
            found = self._looked_up(table, sums[:, 0].tolist() if single else list(map(tuple, sums.tolist())))
        if single:
            return [found]
        names = [self.source.fresh() for _ in range(weights.shape[1])]
        self.source.line(f"[{', '.join(names)}] = {found}")
        return names

    def _read(self, slot: int) -> Expression:
        if slot not in self._slots:
            table, column = self.homes[slot]
            if isinstance(table, Vocabulary):
                return Expression(text=f"{self._weights(table)}[{column}]")
            numbers = table.column(column)
            text = self._looked_up(table, numbers.tolist())
            self._slots[slot] = self.source.bound(Expression(text=text, nan=bool(np.isnan(numbers).any())))
        return self._slots[slot]

    def _append(self, slot: int, op: AnyOp) -> None:
        """Append an operation's number, unless nobody reads it."""
        if isinstance(op, Date):
            self._append_dates(slot, op)
        elif self._uses[slot] or isinstance(op, Check):
            expression = express(op, self.source, *(self._read(read) for read in op.reads))
            self._slots[slot] = self.source.bound(expression) if self._uses[slot] > 1 else expression

    def _append_dates(self, slot: int, op: Date) -> None:
        """Append the parts of a moment together, where the first of them stands."""
        together = self._together[op.slot]
        if slot == together[0][0]:
            parts = express_dates([part for _, part in together], self.source, self._read(op.slot))
            self._slots.update((each, part) for (each, _), part in zip(together, parts, strict=True))

    def _looked_up(self, table: Prepared, entries: Sequence[Any]) -> str:
        """Return the expression that finds the entry of a table's value."""
        op = table.op
        keyed: dict[Any, Any] = dict(zip(op.keys, entries, strict=False))
        missing, unknown = len(op.keys), len(op.keys) + 1
        value = self._keyed(op)
        keyed[None] = entries[missing]
        found, other = self.source.constant(keyed.get), self.source.constant(entries[unknown])
        text = f"{found}({value.text}, {other})"
        if not value.nan:
            return text
        return f"({text} if {value.text} == {value.text} else {self.source.constant(entries[missing])})"

    def _keyed(self, op: Lookup) -> Expression:
        """Return the name of what a table is asked for."""
        value = self._read(op.slot)
        if not value.is_name:
            value = self.source.bound(value)
            self._slots[op.slot] = value
        return value

    def _weights(self, vocabulary: Vocabulary) -> str:
        """Return the name of the list of a vocabulary's weights."""
        if id(vocabulary) not in self._rows:
            name = self._rows[id(vocabulary)] = self.source.fresh()
            made = self.source.constant(vocabulary.row)
            self.source.line(f"{name} = {made}({self._read(vocabulary.op.slot).text})")
        return self._rows[id(vocabulary)]

    def _check_text(self, vocabulary: Vocabulary) -> None:
        """Refuse the texts, or the missing one, that the fitted vectoriser raises an error for."""
        value = self._read(vocabulary.op.slot)
        if (value.none and vocabulary.refuses(None)) or any(other is None for _, other in vocabulary.op.replaced):
            self.source.line(f"if {self.source.constant(vocabulary.refuses)}({value.text}): refuse(record)")

    def _check_entry(self, table: Prepared) -> None:
        """Refuse the values that the fitted encoder raises an error for."""
        op = table.op
        value = self._keyed(op)
        sound = {key for index, key in enumerate(op.keys) if index not in op.refused}
        known = self.source.constant(sound if len(op.keys) in op.refused else {*sound, None})
        refuses = self.source.constant(table.finder.refuses_value)
        self.source.line(f"if {value.text} not in {known} and {refuses}({value.text}): refuse(record)")


def _refusal(plan: Plan) -> Callable[[Record], None]:
    """Return the function that raises the error for a record that is refused: ``plan_matrix`` names all of it."""
    columns = tuple(Column(name=each.name, kind=each.kind) for each in plan.inputs)
    signature = Signature(columns=columns, target=Target(name="", task=Task.REGRESSION))

    def refuse(record: Record) -> None:
        plan_matrix(plan, Rows.of_records(signature, [record]))

    return refuse


def _input(index: int, each: Input) -> Expression:
    whole = each.kind in {Kind.NUMBER, Kind.INTEGER, Kind.BOOLEAN}
    return Expression(text=f"c{index}", none=each.nullable, whole=whole)


def _uses(plan: Plan) -> dict[int, int]:
    """Return how often each slot is read, by operations that are read themselves or by the result."""
    uses = dict.fromkeys(range(len(plan.inputs) + sum(op.width for op in plan.ops)), 0)
    for slot in plan.outputs:
        uses[slot] += 1
    end = len(uses)
    for op in reversed(plan.ops):
        end -= op.width
        strict = isinstance(op, Check) or (isinstance(op, Lookup) and bool(op.refused or op.whole))
        if strict or any(uses[slot] for slot in range(end, end + op.width)):
            for slot in op.reads:
                uses[slot] += 1
    return uses


def _dates(plan: Plan) -> dict[int, list[tuple[int, str]]]:
    """Return for each moment's slot the slots of its parts."""
    dates: dict[int, list[tuple[int, str]]] = {}
    slot = len(plan.inputs)
    for op in plan.ops:
        if isinstance(op, Date):
            dates.setdefault(op.slot, []).append((slot, op.part))
        slot += op.width
    return dates
