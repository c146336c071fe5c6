"""plan.json, and the model that answers from it: few records and many, in parts, from threads."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge

from carafe.errors import CorruptArtefact, NewerArtefact
from carafe.models.lowering import lowered as module
from carafe.models.lowering.lower import lower
from carafe.models.lowering.lowered import FEW, Lowered, LoweredModel, decode_lowered, encode_lowered
from carafe.schema import Rows
from lowered_cases import table, target
from lowered_models import ARRAY, lowered_and_native, numbers_signature, records_of

_MATRIX = table()
_ROWS = Rows(tuple(_MATRIX.T))
_FOREST = RandomForestClassifier(6, random_state=0).fit(_MATRIX, np.digitize(target(_MATRIX), [1.0, 3.0]))


def _lowered(estimator: Any) -> tuple[Lowered, Mapping[str, bytes]]:
    return lower(estimator, signature=numbers_signature(estimator, 4), container=ARRAY)


def test_a_plan_written_down_is_read_as_it_was() -> None:
    lowered, _ = _lowered(Ridge().fit(_MATRIX, target(_MATRIX)))

    assert decode_lowered(encode_lowered(lowered)) == lowered


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"format":1}', b'{"format":1,"kernel":{"type":"rocket"}}'])
def test_what_is_no_plan_is_refused(content: bytes) -> None:
    with pytest.raises(CorruptArtefact, match=r"plan\.json: "):
        decode_lowered(content)


def test_a_plan_of_a_newer_carafe_asks_for_an_upgrade() -> None:
    with pytest.raises(NewerArtefact, match="format 2, expected at most 1: upgrade carafe-serve"):
        decode_lowered(b'{"format":2,"engine":"warp"}')


def test_few_records_are_answered_with_plain_numbers() -> None:
    model, _ = lowered_and_native(_FOREST, _MATRIX)

    answer = model.predict(Rows.of_records(model.signature, records_of(_ROWS)[:3]), probabilities=True)

    assert [type(value) for value in answer.listed_values] == [int] * 3
    chances = answer.listed_probabilities
    assert chances is not None
    assert [len(row) for row in chances] == [3] * 3


@pytest.mark.parametrize("count", [1, FEW, FEW + 1, 60])
def test_records_are_answered_alike_however_many_they_are(count: int) -> None:
    model, native = lowered_and_native(_FOREST, _MATRIX)
    rows = Rows.of_records(model.signature, records_of(_ROWS)[:count])

    np.testing.assert_array_equal(model.predict(rows).values, native.predict(rows).values)
    assert model.predict(rows).probabilities is None


@pytest.mark.parametrize("probabilities", [False, True])
def test_a_large_table_is_answered_in_parts(probabilities: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001
    model, _ = lowered_and_native(_FOREST, _MATRIX)
    whole = model.predict(_ROWS, probabilities=probabilities)

    monkeypatch.setattr(module, "CHUNK", 100)

    parts = model.predict(_ROWS, probabilities=probabilities)
    np.testing.assert_array_equal(parts.values, whole.values)
    assert (parts.probabilities is None) is not probabilities
    np.testing.assert_array_equal(parts.listed_probabilities or (), whole.listed_probabilities or ())


def test_no_rows_are_no_answers() -> None:
    for estimator in (_FOREST, LogisticRegression(max_iter=900).fit(_MATRIX, target(_MATRIX) > 1)):
        model, _ = lowered_and_native(estimator, _MATRIX)

        answer = model.predict(Rows(tuple(np.empty((4, 0)))), probabilities=True)

        assert answer.values.shape == (0,)


def test_threads_share_a_model() -> None:
    model, _ = lowered_and_native(_FOREST, _MATRIX)
    records = records_of(_ROWS)
    expected = model.predict(_ROWS, probabilities=True).listed_probabilities

    with ThreadPoolExecutor(8) as pool:
        found = pool.map(
            lambda record: model.predict(Rows.of_records(model.signature, [record]), probabilities=True), records
        )

    assert [answer.listed_probabilities[0] for answer in found if answer.listed_probabilities] == expected


def test_features_are_the_plans_own_and_need_no_native_model() -> None:
    estimator = Ridge().fit(_MATRIX, target(_MATRIX))
    lowered, files = _lowered(estimator)

    def never() -> Any:
        raise AssertionError

    model = LoweredModel(lowered, files=files, signature=numbers_signature(estimator, 4), native=never)

    features = model.transform(_ROWS)

    assert features.names == ("x0", "x1", "x2", "x3")
    np.testing.assert_array_equal(features.matrix, _MATRIX)


def test_files_that_do_not_go_with_the_plan_are_refused() -> None:
    lowered, files = _lowered(_FOREST)
    signature = numbers_signature(_FOREST, 4)
    wider = msgspec.structs.replace(lowered, plan=msgspec.structs.replace(lowered.plan, outputs=(0, 1, 2, 3, 3)))
    fewer = {name: content for name, content in files.items() if name != "leaves.bin"}

    for wrong, among, story in (
        (wider, files, "a kernel of 4 columns behind 5 columns"),
        (lowered, fewer, "leaves.bin: missing"),
        (lowered, {}, "model.onnx: missing"),
    ):
        with pytest.raises(CorruptArtefact, match=story):
            LoweredModel(wrong, files=among, signature=signature, native=lambda: None)  # type: ignore[arg-type, return-value] # never asked
