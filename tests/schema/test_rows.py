from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carafe.errors import FieldProblem, InvalidInput
from carafe.schema import Column, Kind, Rows, Signature, Target, Task
from carafe.schema.rows import MAX_PROBLEMS, count_unseen, dtype_of, encode_records
from carafe.schema.values import EXACT_INTEGER, shown

TARGET = Target(name="price", task=Task.REGRESSION)
HOUSES = Signature(
    columns=(
        Column(name="area", kind=Kind.NUMBER),
        Column(name="bedrooms", kind=Kind.INTEGER),
        Column(name="town", kind=Kind.CATEGORY, nullable=True, categories=("Lund", "Ystad")),
    ),
    target=TARGET,
)


def one(kind: Kind, *, nullable: bool = False, categories: tuple[str | int, ...] = ()) -> Signature:
    return Signature(
        columns=(Column(name="x", kind=kind, nullable=nullable, categories=categories),),
        target=TARGET,
    )


def encoded(signature: Signature, value: object) -> Any:  # noqa: ANN401 - whatever a Rows column holds
    return encode_records(signature, [[value]]).columns[0][0]


def problems(signature: Signature, records: list[object]) -> tuple[FieldProblem, ...]:
    with pytest.raises(InvalidInput) as caught:
        encode_records(signature, records)
    return caught.value.problems


def refusal(signature: Signature, value: object) -> FieldProblem:
    (problem,) = problems(signature, [{"x": value}])
    assert problem.field == "x"
    return problem


def test_a_mapping_and_a_list_in_signature_order_are_the_same_record() -> None:
    by_name = encode_records(HOUSES, [{"town": "Lund", "area": 120.5, "bedrooms": 3}])
    by_order = encode_records(HOUSES, [[120.5, 3, "Lund"]])
    assert [list(column) for column in by_name.columns] == [list(column) for column in by_order.columns]
    assert [list(column) for column in by_name.columns] == [[120.5], [3.0], ["Lund"]]


def test_each_kind_has_its_dtype() -> None:
    rows = encode_records(HOUSES, [[1, 2, None], [3.5, 4, "Ystad"]])
    assert [column.dtype for column in rows.columns] == [dtype_of(column.kind) for column in HOUSES.columns]
    assert rows.count == 2


def test_rows_without_columns_count_none() -> None:
    assert Rows(()).count == 0


def test_taking_rows_keeps_every_column_in_step() -> None:
    rows = encode_records(HOUSES, [[1, 1, "a"], [2, 2, "b"], [3, 3, "c"]])
    assert [list(column) for column in rows.take(np.array([2, 0])).columns] == [[3, 1], [3, 1], ["c", "a"]]
    assert rows.take(slice(1, 2)).count == 1


def test_an_empty_list_is_refused() -> None:
    (problem,) = problems(HOUSES, [])
    assert (problem.got, problem.expected) == ("an empty list", "at least one row")


def test_missing_and_unknown_fields_are_named_with_what_was_expected() -> None:
    found = problems(HOUSES, [{"area": 1, "bedroms": 3}])
    assert [(p.field, p.got, p.expected) for p in found] == [
        ("bedrooms", "nothing", "a whole number between -2^53 and 2^53"),
        ("town", "nothing", "a string or null"),
        ("bedroms", "an unknown field", "one of: area, bedrooms, town"),
    ]


def test_a_record_with_a_misspelt_field_has_its_other_fields_checked_too() -> None:
    signature = Signature(
        columns=(Column(name="area", kind=Kind.NUMBER), Column(name="rooms", kind=Kind.INTEGER)),
        target=Target(name="price", task=Task.REGRESSION),
    )
    with pytest.raises(InvalidInput) as caught:
        encode_records(signature, [{"area": 1.0, "rooms": 1}, {"area": "1500", "room": 3}])
    assert [(problem.row, problem.field, problem.got) for problem in caught.value.problems] == [
        (1, "rooms", "nothing"),
        (1, "room", "an unknown field"),
        (1, "area", '"1500"'),
    ]


def test_what_is_missing_does_not_hide_what_is_wrong() -> None:
    found = problems(HOUSES, [{"area": "large", "town": 3}, [1], {"area": 1, "bedrooms": 0.5, "town": None}])
    assert [(p.row, p.field) for p in found] == [
        (0, "bedrooms"),
        (0, "area"),
        (0, "town"),
        (1, ""),
        (2, "bedrooms"),
    ]


def test_an_unknown_field_beside_all_known_ones_is_refused() -> None:
    (problem,) = problems(HOUSES, [{"area": 1, "bedrooms": 3, "town": None, "colour": "red"}])
    assert problem.field == "colour"


def test_a_list_of_another_length_is_refused_with_the_order() -> None:
    (problem,) = problems(HOUSES, [[1, 2]])
    assert (problem.got, problem.expected) == ("a list of 2", "3 values in this order: area, bedrooms, town")


@pytest.mark.parametrize("record", ["Lund", b"Lund", 3, None, True, {1}])
def test_a_record_that_is_neither_object_nor_list_is_refused(record: object) -> None:
    (problem,) = problems(HOUSES, [record])
    assert problem.expected == "an object with one field a column, or a list in signature order"


def test_every_wrong_field_of_every_row_is_listed_in_row_order() -> None:
    found = problems(HOUSES, [["a", 1, None], [1, "b", None], ["c", 1.5, 3]])
    assert [(p.row, p.field) for p in found] == [
        (0, "area"),
        (1, "bedrooms"),
        (2, "area"),
        (2, "bedrooms"),
        (2, "town"),
    ]


@pytest.mark.parametrize("record", [[], {}, ["a", "b", 3]])
def test_many_wrong_rows_give_a_bounded_list(record: object) -> None:
    assert len(problems(HOUSES, [record] * 10_000)) == MAX_PROBLEMS


@pytest.mark.parametrize("kind", [Kind.NUMBER, Kind.INTEGER])
@pytest.mark.parametrize("value", ["1", "", True, False, [1], {}, b"1", 1j])
def test_a_number_is_not_a_string_a_boolean_or_a_container(kind: Kind, value: object) -> None:
    assert refusal(one(kind), value).expected.startswith(("a number", "a whole number"))


@pytest.mark.parametrize("value", [math.inf, -math.inf, 10**400])
def test_a_number_that_overflows_is_refused_with_the_range(value: object) -> None:
    assert refusal(one(Kind.NUMBER), value).expected == "a number between -1.8e308 and 1.8e308"


@pytest.mark.parametrize("value", [2**53 + 1, -(2**53) - 1, 10**23])
def test_a_whole_number_that_a_double_would_round_is_refused(value: int) -> None:
    assert "holds exactly" in refusal(one(Kind.NUMBER), value).expected


@given(st.integers())
def test_an_integer_keeps_its_value_or_is_refused(value: int) -> None:
    for kind in (Kind.NUMBER, Kind.INTEGER):
        try:
            assert encoded(one(kind), value) == value
        except InvalidInput:
            assert abs(value) > EXACT_INTEGER


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_number_is_taken_as_it_is(value: float) -> None:
    assert encoded(one(Kind.NUMBER), value) == value


@pytest.mark.parametrize("value", [1.5, 2**53 + 2, -(2**53) - 2, 1e300, math.inf])
def test_a_whole_number_is_whole_and_within_the_exact_range(value: object) -> None:
    assert refusal(one(Kind.INTEGER), value).expected == "a whole number between -2^53 and 2^53"


def test_a_whole_number_may_be_written_with_a_decimal_point() -> None:
    assert encoded(one(Kind.INTEGER), 3.0) == 3


@pytest.mark.parametrize("value", [0, 1, "true", "yes", 1.0])
def test_a_boolean_is_true_or_false_and_nothing_like_it(value: object) -> None:
    assert refusal(one(Kind.BOOLEAN), value).expected == "true or false"


def test_booleans_are_held_as_one_and_zero() -> None:
    assert [encoded(one(Kind.BOOLEAN), value) for value in (True, False)] == [1.0, 0.0]


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("missing", [None, math.nan, np.float32("nan"), np.datetime64("NaT", "us")])
def test_a_missing_value_is_taken_only_where_the_column_is_nullable(kind: Kind, missing: object) -> None:
    value = encoded(one(kind, nullable=True), missing)
    assert value is None or value != value  # noqa: PLR0124 - NaN and NaT
    assert not refusal(one(kind), missing).expected.endswith("or null")


def test_pandas_missing_times_are_missing_values() -> None:
    pandas = pytest.importorskip("pandas")
    assert np.isnat(encoded(one(Kind.DATETIME, nullable=True), pandas.NaT))


@pytest.mark.parametrize("kind", [Kind.CATEGORY, Kind.TEXT])
@pytest.mark.parametrize("value", [3, 1.5, True, ["a"], b"a"])
def test_a_string_column_takes_strings_only(kind: Kind, value: object) -> None:
    assert refusal(one(kind), value).expected == "a string"


@pytest.mark.parametrize("kind", [Kind.CATEGORY, Kind.TEXT])
@given(text=st.text())
def test_every_string_of_whole_characters_is_taken_as_it_is(kind: Kind, text: str) -> None:
    assert encoded(one(kind), text) == text


@pytest.mark.parametrize("kind", [Kind.CATEGORY, Kind.TEXT])
def test_a_lone_surrogate_is_refused_and_shown_escaped(kind: Kind) -> None:
    problem = refusal(one(kind), "a\ud800")
    assert problem.got == '"a\\ud800"'
    assert "surrogates" in problem.expected


def test_an_unknown_field_with_a_lone_surrogate_can_be_written_down() -> None:
    (problem,) = problems(one(Kind.NUMBER), [{"x": 1, "\ud800": 2}])
    assert problem.field.encode("utf-8") == b"\\ud800"


def test_a_category_learnt_from_integers_takes_them_with_or_without_quotes() -> None:
    signature = one(Kind.CATEGORY, categories=(1, 2, 3))
    assert encoded(signature, 2) == encoded(signature, "2") == encoded(signature, 2.0) == "2"
    assert refusal(signature, True).expected == "a whole number or a string"
    for value in (2.5, math.inf, 2.0**60):
        assert refusal(signature, value).expected == "a whole number or a string"
    assert refusal(one(Kind.CATEGORY, categories=("2",)), 2.0).expected == "a string"


def test_unseen_categories_are_counted_and_missing_ones_are_not() -> None:
    rows = encode_records(HOUSES, [[1, 1, "Lund"], [1, 1, "Malmo"], [1, 1, None], [1, 1, "Oslo"]])
    assert count_unseen(HOUSES, rows) == 2


def test_integer_categories_are_known_by_their_text() -> None:
    signature = one(Kind.CATEGORY, categories=(1, 2))
    assert count_unseen(signature, encode_records(signature, [[1], [3]])) == 1


def test_nothing_is_unseen_where_no_categories_were_written_down() -> None:
    signature = one(Kind.CATEGORY)
    assert count_unseen(signature, encode_records(signature, [["a"]])) == 0


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-20", "2026-11-20T00:00:00.000000"),
        ("2026-11-20T09:30:00", "2026-11-20T09:30:00.000000"),
        ("2026-11-20T09:30:00Z", "2026-11-20T09:30:00.000000"),
        ("2026-11-20T09:30:00.5+02:00", "2026-11-20T07:30:00.500000"),
        (date(2026, 11, 20), "2026-11-20T00:00:00.000000"),
        (datetime(2026, 11, 20, 9, tzinfo=timezone(timedelta(hours=-1))), "2026-11-20T10:00:00.000000"),
        (np.datetime64("2026-11-20T09:30:00.123456789", "ns"), "2026-11-20T09:30:00.123456"),
    ],
)
def test_a_date_time_is_held_in_utc_to_the_microsecond(value: object, expected: str) -> None:
    assert str(encoded(one(Kind.DATETIME), value)) == expected


@given(st.datetimes(timezones=st.none() | st.just(UTC)))
def test_every_date_time_survives_its_iso_text(moment: datetime) -> None:
    held = encoded(one(Kind.DATETIME), moment.isoformat())
    assert held == np.datetime64(moment.replace(tzinfo=None), "us")


@pytest.mark.parametrize("value", ["", "soon", "2026-13-01", "20.11.2026", 1763600000, 1.5, True, "\ud800"])
def test_what_is_no_iso_date_is_refused(value: object) -> None:
    assert refusal(one(Kind.DATETIME), value).expected == "an ISO 8601 date or date-time string"


@pytest.mark.parametrize("value", ["9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00"])
def test_a_date_time_outside_the_calendar_in_utc_is_refused(value: str) -> None:
    assert refusal(one(Kind.DATETIME), value).expected == "a date-time between the years 1 and 9999 in UTC"


@pytest.mark.parametrize(
    ("kind", "value", "held"),
    [
        (Kind.NUMBER, np.float32(0.5), 0.5),
        (Kind.NUMBER, np.int64(7), 7.0),
        (Kind.INTEGER, np.uint8(7), 7.0),
        (Kind.BOOLEAN, np.bool_(True), 1.0),
        (Kind.TEXT, np.str_("a"), "a"),
    ],
)
def test_numpy_scalars_are_the_values_they_hold(kind: Kind, value: object, held: object) -> None:
    assert encoded(one(kind), value) == held


def test_numpy_booleans_are_still_no_numbers() -> None:
    assert refusal(one(Kind.NUMBER), np.bool_(True)).expected == "a number"


JSON: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
SIGNATURES = st.lists(
    st.builds(
        Column,
        name=st.text(max_size=5),
        kind=st.sampled_from(Kind),
        nullable=st.booleans(),
        categories=st.just(()) | st.just((1, 2)) | st.just(("a", "b")),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda column: column.name,
).map(lambda columns: Signature(columns=tuple(columns), target=TARGET))


@given(SIGNATURES, st.data())
def test_whatever_json_comes_it_is_encoded_or_refused_by_name(signature: Signature, data: st.DataObject) -> None:
    fields = st.fixed_dictionaries(dict.fromkeys(signature.names, JSON))
    records: list[object] = data.draw(st.lists(fields | JSON, max_size=4))
    try:
        rows = encode_records(signature, records)
    except InvalidInput as error:
        assert error.problems
        assert all(problem.got and problem.expected for problem in error.problems)
        assert {p.field for p in error.problems} <= {*signature.names, ""} | _keys(records)
    else:
        assert rows.count == len(records)
        assert [array.dtype for array in rows.columns] == [dtype_of(column.kind) for column in signature.columns]
        assert all(len(array) == rows.count for array in rows.columns)


def _keys(records: list[object]) -> set[str]:
    """Return the fields' names as a problem shows them: no more than 60 characters of each."""
    return {key[:60] for record in records if isinstance(record, Mapping) for key in record}


@given(JSON)
def test_what_came_is_shown_short_and_in_ascii(value: object) -> None:
    text = shown(value)
    assert 0 < len(text) <= 60
    assert text.isascii()


def test_a_value_is_shown_as_the_json_that_came() -> None:
    assert [shown(value) for value in ("a", 1.5, True, None)] == [json.dumps(v) for v in ("a", 1.5, True, None)]
    assert (shown({}), shown([1])) == ("an object", "a list")
    assert shown(10**5000) == "a number of very many digits"
