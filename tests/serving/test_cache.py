"""Answers are kept by row, found again however the row is written, and never another version's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carafe.errors import InvalidInput
from carafe.schema import Prediction, Rows, Signature
from carafe.schema.rows import encode_records
from carafe.serving.cache import MOST_ROWS, Answer, CachedModel
from carafe.serving.cache_key import RowKeys
from carafe.serving.cache_memory import MemoryAnswers
from carafe.serving.observers import Looked, Observer, Observers
from carafe.settings import CacheLimits
from carafe.testing import check_model
from served import EVERYTHING, HOUSES, IRIS, RuleModel, everything, iris_rule
from serving.crowd import NUMBERS, POISON, REFUSED, Doubling, rows_of


class Noticed(Observer):
    def __init__(self) -> None:
        self.looks: list[tuple[int, int]] = []

    def looked(self, event: Looked) -> None:
        assert (event.name, event.number) == ("doubling", 1)
        self.looks.append((event.hits, event.misses))


def cached(
    model: Any,  # noqa: ANN401 - any model
    *,
    signature: Signature = NUMBERS,
    cache: MemoryAnswers | None = None,
    identity: str = "v1",
    observer: Observer | None = None,
) -> CachedModel:
    return CachedModel(
        model,
        version=("doubling", 1),
        cache=cache or MemoryAnswers(CacheLimits()),
        keys=RowKeys(identity=identity, signature=signature, secret=b"secret"),
        observers=Observers([observer] if observer else []),
    )


def values(prediction: Prediction) -> list[float]:
    return list(prediction.listed_values)


def test_a_row_that_was_answered_is_not_asked_about_again() -> None:
    model, noticed = Doubling(), Noticed()
    asked = cached(model, observer=noticed)
    assert values(asked.predict(rows_of(1.0, 2.0))) == [2.0, 4.0]
    assert values(asked.predict(rows_of(2.0, 3.0, 1.0))) == [4.0, 6.0, 2.0]
    assert values(asked.predict(rows_of(3.0, 3.0))) == [6.0, 6.0]
    assert [rows for _, rows in model.runs] == [[1.0, 2.0], [3.0]]
    assert noticed.looks == [(0, 2), (2, 1), (2, 0)]
    assert asked.transform(rows_of(1.0)).names == ("number",)


@pytest.mark.parametrize(
    "foreign", [(9, (0.2, 0.3, 0.5)), (-1, (0.2, 0.3, 0.5)), (0.5, (0.2, 0.3, 0.5)), (1, None), (1, (1.0,))]
)
def test_what_this_model_could_not_have_answered_is_not_there(foreign: Answer) -> None:
    class Shared(MemoryAnswers):
        def find(self, keys: Sequence[bytes]) -> list[Answer | None]:
            return [foreign] * len(keys)

    model = RuleModel(IRIS, iris_rule)
    rows = encode_records(IRIS, [[1, 1, 1, 1]])
    asked = cached(model, signature=IRIS, cache=Shared(CacheLimits()))
    found, fresh = (one.predict(rows, probabilities=True) for one in (asked, model))
    assert (found.listed_values, found.listed_probabilities) == (fresh.listed_values, fresh.listed_probabilities)


def test_probabilities_are_kept_apart_and_come_back() -> None:
    model = Doubling()
    asked = cached(model)
    asked.predict(rows_of(1.0))
    first = asked.predict(rows_of(1.0), probabilities=True)
    again = asked.predict(rows_of(1.0, 2.0), probabilities=True)
    assert list(first.listed_probabilities or ()) == [(1.0, -1.0)]
    assert list(again.listed_probabilities or ()) == [(1.0, -1.0), (2.0, -2.0)]
    assert asked.predict(rows_of(1.0)).listed_probabilities is None
    assert model.runs == [(False, [1.0]), (True, [1.0]), (True, [2.0])]


def test_a_refusal_names_the_rows_of_the_request_and_is_not_kept() -> None:
    model = Doubling()
    asked = cached(model)
    asked.predict(rows_of(1.0, 2.0))
    for _ in range(2):
        with pytest.raises(InvalidInput) as caught:
            asked.predict(rows_of(1.0, REFUSED, 2.0, 5.0, REFUSED))
        assert [problem.row for problem in caught.value.problems] == [1, 4]
    with pytest.raises(ZeroDivisionError):
        asked.predict(rows_of(1.0, POISON))
    assert values(asked.predict(rows_of(1.0))) == [2.0]


def test_a_large_request_goes_past_the_cache() -> None:
    model, noticed = Doubling(), Noticed()
    asked = cached(model, observer=noticed)
    many = rows_of(*map(float, range(MOST_ROWS + 1)))
    for _ in range(2):
        asked.predict(many)
    assert len(model.runs) == 2
    assert noticed.looks == []


def test_another_version_has_other_keys_in_the_same_cache() -> None:
    cache = MemoryAnswers(CacheLimits())
    one, two = Doubling(), Doubling()
    cached(one, cache=cache, identity="v1").predict(rows_of(1.0))
    cached(two, cache=cache, identity="v2").predict(rows_of(1.0))
    assert len(two.runs) == 1


def test_the_most_recently_used_answers_stay_until_they_are_too_old() -> None:
    now = [0.0]
    cache = MemoryAnswers(CacheLimits(entries=2, seconds=10), clock=lambda: now[0])
    model = Doubling()
    asked = cached(model, cache=cache)
    for number in (1.0, 2.0, 1.0, 3.0, 1.0, 2.0):
        asked.predict(rows_of(number))
    assert [rows for _, rows in model.runs] == [[1.0], [2.0], [3.0], [2.0]]
    now[0] = 10.0
    asked.predict(rows_of(1.0))
    assert model.runs[-1] == (False, [1.0])


@pytest.mark.parametrize("probabilities", [False, True])
def test_cached_classes_and_probabilities_are_those_of_the_model(probabilities: bool) -> None:  # noqa: FBT001
    model = RuleModel(IRIS, iris_rule)
    asked = cached(model, signature=IRIS)
    rows = encode_records(IRIS, [[1, 1, size, 1] for size in (1.0, 3.0, 6.0)])
    fresh, kept = asked.predict(rows, probabilities=probabilities), asked.predict(rows, probabilities=probabilities)
    assert kept.values.dtype == fresh.values.dtype == model.predict(rows).values.dtype
    assert values(kept) == values(fresh) == [0, 1, 2]
    if probabilities:
        assert (kept.probabilities == fresh.probabilities).all()  # type: ignore[union-attr]


def test_a_cached_model_keeps_the_contract_of_models() -> None:
    rows = encode_records(IRIS, [[1, 1, size, 1] for size in (1.0, 3.0, 6.0)])
    check_model(lambda: (cached(RuleModel(IRIS, iris_rule), signature=IRIS), rows))


def keys_of(signature: Signature, *records: object) -> list[bytes]:
    keys = RowKeys(identity="v1", signature=signature, secret=b"secret")
    return keys.of(encode_records(signature, records), probabilities=False)


def held_keys(signature: Signature, *records: Sequence[Any]) -> list[bytes]:
    keys = RowKeys(identity="v1", signature=signature, secret=b"secret")
    return keys.of(Rows.of_records(signature, records), probabilities=False)


def test_the_same_value_in_another_spelling_has_the_same_key() -> None:
    one, other = keys_of(HOUSES, [50, 3], {"bedrooms": 3.0, "area": 50.0})
    assert one == other
    assert keys_of(HOUSES, [50, None]) == keys_of(HOUSES, {"area": 50.0, "bedrooms": math.nan})
    moments = ("2024-05-01T12:00:00Z", "2024-05-01T14:00:00+02:00")
    assert len(set(keys_of(EVERYTHING, *[everything(when=moment) for moment in moments]))) == 1
    assert len(set(keys_of(EVERYTHING, everything(code=2), everything(code="2")))) == 1


def test_records_have_the_keys_of_columns() -> None:
    assert held_keys(HOUSES, [50.0, 3], [50, None]) == keys_of(HOUSES, [50, 3], [50, None])
    record = [1.5, 3, True, "a", "2", "hello", 1714564800000000]
    missing = [1.5, 3, None, None, "2", "hello", None]
    empty = everything(boolean=None, category=None, when=None)
    assert held_keys(EVERYTHING, record, missing) == keys_of(EVERYTHING, everything(), empty)


@given(st.lists(st.tuples(st.floats(allow_nan=False, allow_infinity=False), st.none() | st.integers(0, 3)), min_size=2))
def test_keys_differ_exactly_where_rows_do(records: list[tuple[float, int | None]]) -> None:
    keys = held_keys(HOUSES, *records)
    distinct = {(math.copysign(1, area), area, rooms) for area, rooms in records}
    assert len(set(keys)) == len(distinct)
    assert all(len(key) == 32 for key in keys)


@given(st.text(), st.text(), st.text(), st.text())
def test_texts_are_not_run_together(a: str, b: str, c: str, d: str) -> None:
    one, other = [1.0, 1, None, a, "1", b, None], [1.0, 1, None, c, "1", d, None]
    same = held_keys(EVERYTHING, one)[0] == held_keys(EVERYTHING, other)[0]
    assert same == ((a, b) == (c, d))


def test_a_key_depends_on_version_kind_of_answer_and_secret() -> None:
    rows = rows_of(1.0)
    made = {
        RowKeys(identity=identity, signature=NUMBERS, secret=secret).of(rows, probabilities=chances)[0]
        for identity in ("v1", "v2")
        for secret in (b"one", b"two")
        for chances in (False, True)
    }
    assert len(made) == 8
