"""One row of a plan as source: its operations as expressions, its tables as dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from carafe.errors import PredictionFailed
from carafe.models.lowering.dates import express_dates
from carafe.models.lowering.expressions import as_float, express
from carafe.models.lowering.matrix import Prepared
from carafe.models.lowering.plan import Check, Date, Input, Lookup, OneHot, Plan, Table
from carafe.models.lowering.source import Expression, Source
from carafe.schema import Kind
from carafe.schema.rows import invalid_input

DENSE = 65_536
"""A table of at most so many numbers is kept as a row for each category; of a larger one, rows are made when asked."""


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring outputs that stand side by side in one table: its columns from ``first`` up to ``last``."""

    table: Prepared
    first: int
    last: int


class Row:
    """The source of one plan, on whose slots results are built."""

    def __init__(self, plan: Plan, outputs: Sequence[int]) -> None:
        self.plan = plan
        self.source = Source()
        self._slots: list[Expression | tuple[Prepared, int]] = [
            _input(index, each) for index, each in enumerate(plan.inputs)
        ]
        self._dates: dict[int, Expression] = {}
        uses = _uses(plan, outputs)
        dates = _dates(plan)
        for op in plan.ops:
            slot = len(self._slots)
            if isinstance(op, (Table, OneHot)):
                table = Prepared.of(plan, op)
                self._slots.extend((table, column) for column in range(op.width))
                if op.refused or op.whole:
                    self._check_entry(table)
            elif isinstance(op, Date):
                self._append_date(slot, op, dates)
            elif uses[slot] or isinstance(op, Check):
                expression = express(op, self.source, *(self._read(read) for read in op.reads))
                self._slots.append(self.source.bound(expression) if uses[slot] > 1 else expression)
            else:
                self._slots.append(Expression(text="nan"))

    def compiled(self, result: str) -> Callable[..., Any]:
        """Return the function of a record that returns ``result``."""
        return self.source.compiled(result, inputs=[f"c{index}" for index in range(len(self.plan.inputs))])

    def table_of(self, slot: int) -> tuple[Prepared, int] | None:
        """Return the table, and the column of it, that a slot is; None where it is a number or a column."""
        found = self._slots[slot]
        return None if isinstance(found, Expression) else found

    def runs(self, outputs: Sequence[int]) -> Iterator[int | Run]:
        """Yield the outputs in order: slots, and runs of slots that one look-up gives together."""
        index = 0
        while index < len(outputs):
            found = self.table_of(outputs[index])
            if found is None:
                yield outputs[index]
                index += 1
                continue
            start, (table, first) = index, found
            while (
                index < len(outputs)
                and outputs[index] == outputs[start] + index - start
                and (first + index - start < table.op.width)
            ):
                index += 1
            yield Run(table, first, first + index - start)

    def tables(self, outputs: Sequence[int]) -> Iterator[tuple[Prepared, list[tuple[int, int]]]]:
        """Yield each table among the outputs, with which outputs are which of its columns."""
        members: dict[int, tuple[Prepared, list[tuple[int, int]]]] = {}
        for index, slot in enumerate(outputs):
            found = self.table_of(slot)
            if found is not None:
                members.setdefault(id(found[0]), (found[0], []))[1].append((index, found[1]))
        yield from members.values()

    def float(self, slot: int) -> str:
        """Return a slot as an expression that is a float."""
        return as_float(self._read(slot)).text

    def named(self, slot: int) -> str:
        """Return a slot as the name of a variable that is a float."""
        return self.source.bound(as_float(self._read(slot))).text

    def numbers(self, run: Run) -> str:
        """Return a run as an expression, or several of them, to stand in a list."""
        rows = run.table.rows[:, run.first : run.last]
        if run.last - run.first == 1:
            return self._looked_up(run.table, rows[:, 0].tolist())
        if rows.size <= DENSE:
            return "*" + self._looked_up(run.table, list(map(tuple, rows.tolist())))
        return f"*{self.source.constant(rows)}[{self._looked_up(run.table, range(len(rows)))}].tolist()"

    def contributed(self, table: Prepared, contributions: NDArray[np.float64]) -> list[str]:
        """Return what a table's value adds to each score, as expressions; ``contributions`` (entries, t)."""
        if contributions.shape[1] == 1:
            return [self._looked_up(table, contributions[:, 0].tolist())]
        names = [self.source.fresh() for _ in range(contributions.shape[1])]
        found = self._looked_up(table, list(map(tuple, contributions.tolist())))
        self.source.line(f"[{', '.join(names)}] = {found}")
        return names

    def _read(self, slot: int) -> Expression:
        found = self._slots[slot]
        if isinstance(found, Expression):
            return found
        table, column = found
        text = self._looked_up(table, table.rows[:, column].tolist())
        return Expression(text=text, nan=bool(np.isnan(table.rows[:, column]).any()))

    def _append_date(self, slot: int, op: Date, dates: dict[int, list[tuple[int, str]]]) -> None:
        """Append a part of a moment; the first that is met evaluates all parts of its moment."""
        together = dates[op.slot]
        if slot == together[0][0]:
            parts = express_dates([part for _, part in together], self.source, self._read(op.slot))
            self._dates.update((each, part) for (each, _), part in zip(together, parts, strict=True))
        self._slots.append(self._dates[slot])

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

    def _check_entry(self, table: Prepared) -> None:
        """Refuse the values that the fitted encoder raises an error for."""
        op = table.op
        sound = {key for index, key in enumerate(op.keys) if index not in op.refused}
        checked: set[Any] = sound if len(op.keys) in op.refused else {*sound, None}
        value = self._keyed(op)
        known, refuse = self.source.constant(checked), self.source.constant(refuser(table))
        self.source.line(f"if {value.text} not in {known}: {refuse}({value.text})")


def refuser(table: Prepared) -> Callable[[Any], None]:
    """Return the function that raises the error for a value of a table, unless it is merely unknown."""
    op = table.op
    position: dict[Any, int] = {key: index for index, key in enumerate(op.keys)} | {None: len(op.keys)}

    def refuse(value: Any) -> None:  # noqa: ANN401 - a cell
        missing = value is None or value != value  # noqa: PLR0124 - NaN
        entry = len(op.keys) if missing else position.get(value, len(op.keys) + 1)
        if table.finder.refuses(value, entry):
            raise error_of(table, value)

    return refuse


def error_of(table: Prepared, value: Any) -> Exception:  # noqa: ANN401 - a cell
    """Return the error for a value of the record that a table refuses."""
    if table.name is None or value is None:
        failure: PredictionFailed = table.finder.failure(value)
        return failure
    return invalid_input([table.finder.problem(table.name, 0, value)])


def _input(index: int, each: Input) -> Expression:
    whole = each.kind in {Kind.NUMBER, Kind.INTEGER, Kind.BOOLEAN}
    return Expression(text=f"c{index}", none=each.nullable, whole=whole)


def _uses(plan: Plan, outputs: Sequence[int]) -> dict[int, int]:
    """Return how often each slot is read, by operations that are read themselves or by the result."""
    uses = dict.fromkeys(range(len(plan.inputs) + sum(op.width for op in plan.ops)), 0)
    for slot in outputs:
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
