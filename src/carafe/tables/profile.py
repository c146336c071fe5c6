"""What each column of a table is, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import polars as pl

from carafe.tables.columns import check_columns, require_column
from carafe.tables.dates import nearest_date_format, study_dates
from carafe.tables.duplicates import count_duplicates
from carafe.tables.numbers import stripped, study_numbers, without_null_words
from carafe.tables.roles import LEFT_OUT, Decision, Role, decide
from carafe.tables.series import is_comparable, typed_series

EXAMPLES = 3
"""How many examples a profile keeps of a column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnProfile:
    """What one column is.

    ``missing`` and ``distinct`` are counts (missing values are not counted as distinct); ``minimum`` and ``maximum``
    are numbers, or ISO 8601 strings for date-times, or None for other roles; ``examples`` are the first distinct
    values; ``reason`` is the sentence that says why the column has its role.
    """

    name: str
    decision: Decision
    missing: int
    distinct: int
    minimum: float | str | None = None
    maximum: float | str | None = None
    examples: tuple[str, ...] = ()

    @property
    def role(self) -> Role:
        """What the column is to a model."""
        return self.decision.role

    @property
    def reason(self) -> str:
        """Why it has that role."""
        return self.decision.reason

    @property
    def used(self) -> bool:
        """Whether a model takes the column: no identifier and no constant."""
        return self.role not in LEFT_OUT


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What a table is: its columns in order, its target if one was named, its rows and repeated rows."""

    columns: tuple[ColumnProfile, ...]
    rows: int
    duplicates: int
    target: str | None = None

    @cached_property
    def by_name(self) -> Mapping[str, ColumnProfile]:
        """The columns by name."""
        return {column.name: column for column in self.columns}

    @property
    def features(self) -> tuple[ColumnProfile, ...]:
        """The columns a model may take: all but the target, identifiers and constants."""
        return tuple(column for column in self.columns if column.used and column.name != self.target)


def profile_table(frame: pl.DataFrame, *, target: str | None = None) -> Profile:
    """Decide what each column of the table is.

    Raises:
        UnknownColumn: when there is no column called ``target``.
        UnreadableTable: when the table has no column, no row, or more columns than can be worked with.
    """
    check_columns(frame)
    if target is not None:
        require_column(frame.columns, target)
    columns = tuple(_profile_column(values, target=values.name == target) for values in frame.iter_columns())
    return Profile(columns=columns, rows=frame.height, duplicates=count_duplicates(frame), target=target)


def override_roles(frame: pl.DataFrame, profile: Profile, roles: Mapping[str, Role]) -> Profile:
    """Return the profile with the roles that someone chose for some columns in place of those decided here.

    Raises:
        UnknownColumn: when the table has no such column.
    """
    for name in roles:
        require_column(frame.columns, name)
    columns = tuple(
        _override(frame[column.name], column, roles.get(column.name, column.role)) for column in profile.columns
    )
    return replace(profile, columns=columns)


def _override(values: pl.Series, column: ColumnProfile, role: Role) -> ColumnProfile:
    if role is column.role:
        return column
    decision = replace(column.decision, role=role, reason=f"chosen; it would be {column.role}: {column.reason}")
    if values.dtype == pl.String:
        decision = _with_notation(stripped(values), decision)
    return _summary(values, decision)


def _with_notation(text: pl.Series, decision: Decision) -> Decision:
    """Return the decision with the notation in which most of the text is what someone says that it is."""
    known = without_null_words(text)
    if decision.role is Role.DATETIME:
        return replace(decision, date_format=study_dates(known) or nearest_date_format(known))
    numbers = study_numbers(known)
    return decision if numbers is None else replace(decision, notation=numbers.notation)


def _profile_column(values: pl.Series, *, target: bool) -> ColumnProfile:
    column = _summary(values, decide(values, target=target))
    if column.distinct == 1 and column.missing == 0:
        decision = replace(column.decision, role=Role.CONSTANT, reason="every value is the same")
        return replace(column, decision=decision)
    return column


def _summary(values: pl.Series, decision: Decision) -> ColumnProfile:
    typed = typed_series(values, decision)
    missing = typed.null_count()
    if not is_comparable(typed.dtype):
        return ColumnProfile(name=values.name, decision=decision, missing=missing, distinct=0)
    present = typed.drop_nulls()
    minimum, maximum = _range(present)
    return ColumnProfile(
        name=values.name,
        decision=decision,
        missing=missing,
        distinct=present.n_unique(),
        minimum=minimum,
        maximum=maximum,
        examples=_examples(present),
    )


def _range(present: pl.Series) -> tuple[float | str | None, float | str | None]:
    if not len(present):
        return None, None
    if present.dtype.is_numeric():
        numbers = present.cast(pl.Float64).to_numpy()
        return float(numbers.min()), float(numbers.max())
    if isinstance(present.dtype, (pl.Date, pl.Datetime)):
        ordered = present.sort()
        return ordered[0].isoformat(), ordered[-1].isoformat()
    return None, None


def _examples(present: pl.Series) -> tuple[str, ...]:
    first = present.unique(maintain_order=True).head(EXAMPLES)
    return tuple(value.isoformat() if hasattr(value, "isoformat") else str(value) for value in first)
