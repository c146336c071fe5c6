from __future__ import annotations

import weakref
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carafe.monitoring import samples as room
from carafe.monitoring.sample_files import SampleFiles
from carafe.monitoring.samples import MOST_ROWS, Sample, Sampler, encode_sample, read_samples
from carafe.schema import Column, Kind, Prediction, Signature
from carafe.schema.rows import Rows
from monitoring.events import answered
from served import EVERYTHING, HOUSES, everything


@pytest.fixture
def files(tmp_path: Path) -> SampleFiles:
    return SampleFiles(tmp_path / "samples", max_bytes=10_000_000, max_days=1)


@pytest.fixture
def counts() -> Counter[str]:
    return Counter()


def sampler(files: SampleFiles, counts: Counter[str], rate: float = 1.0) -> Sampler:
    return Sampler(rate=rate, files=files, count=lambda result, rows: counts.update({result: rows}))


def written(files: SampleFiles) -> list[Sample]:
    return list(read_samples(files, name="houses", number=1))


def test_rows_and_answers_come_back_as_they_were(files: SampleFiles, counts: Counter[str]) -> None:
    observer = sampler(files, counts)
    observer.answered(answered([[120.5, 3], [80, None]]))
    observer.round()
    first, second = written(files)
    assert (first.record, first.prediction, first.request, first.rows) == ((120.5, 3.0), 0.0, "request-1", 2)
    assert (second.record, second.prediction, second.probabilities) == ((80.0, None), 1.0, None)
    assert counts == {"written": 2}


def test_every_kind_of_value_comes_back_and_a_class_as_its_label(files: SampleFiles, counts: Counter[str]) -> None:
    observer = sampler(files, counts)
    records: list[object] = [everything(category=None, when=None), everything(text='"\n\u2028', category="ü")]
    prediction = Prediction(values=np.array([1, 0]), probabilities=np.array([[0.25, 0.75], [1.0, 0.0]]))
    observer.answered(answered(records, signature=EVERYTHING, prediction=prediction))
    observer.round()
    kept = written(files)
    assert [sample.record for sample in kept] == [
        (1.5, 3.0, 1.0, None, "2", "hello", None),
        (1.5, 3.0, 1.0, "ü", "2", '"\n\u2028', 1714564800000000),
    ]
    assert [sample.prediction for sample in kept] == [True, False]
    assert [sample.probabilities for sample in kept] == [(0.25, 0.75), (1.0, 0.0)]


def test_rows_that_came_as_records_are_kept_as_they_came(files: SampleFiles, counts: Counter[str]) -> None:
    observer, event = sampler(files, counts), answered([[1, 2]])
    rows = Rows.of_records(HOUSES, [(50.5, None), (60.0, 3)])
    request = msgspec.structs.replace(event.request, rows=rows)
    prediction = Prediction.of_lists([5050.0, 9000.0])
    response = msgspec.structs.replace(event.response, prediction=prediction)
    observer.answered(msgspec.structs.replace(event, request=request, response=response))
    observer.round()
    assert [(sample.record, sample.prediction) for sample in written(files)] == [
        ((50.5, None), 5050.0),
        ((60.0, 3), 9000.0),
    ]


def test_a_boolean_comes_back_however_its_row_came(files: SampleFiles, counts: Counter[str]) -> None:
    flag = Column(name="flag", kind=Kind.BOOLEAN, nullable=True)
    signature = Signature(columns=(flag,), target=HOUSES.target)
    event, observer = answered([[True], [None]], signature=signature), sampler(files, counts)
    listed = Rows.of_records(signature, [(True,), (None,)])
    for rows in (event.request.rows, listed):
        request = msgspec.structs.replace(event.request, rows=rows)
        observer.answered(msgspec.structs.replace(event, request=request))
    observer.round()
    assert [sample.record for sample in written(files)] == [(True,), (None,)] * 2


def test_of_many_rows_some_are_kept_each_with_its_own_answer(files: SampleFiles, counts: Counter[str]) -> None:
    observer = sampler(files, counts)
    observer.answered(answered([[30 + row, 1] for row in range(400)]))
    observer.round()
    kept = written(files)
    assert len(kept) == MOST_ROWS
    assert {sample.rows for sample in kept} == {400}
    assert all(sample.prediction == sample.record[0] - 30 for sample in kept if isinstance(sample.record[0], float))
    assert len({sample.prediction for sample in kept}) == MOST_ROWS


def test_what_waits_to_be_written_keeps_no_large_request_alive(files: SampleFiles, counts: Counter[str]) -> None:
    event = answered([[30 + row, 1] for row in range(MOST_ROWS + 1)])
    large = weakref.ref(event.request.rows.columns[0])
    observer = sampler(files, counts)
    observer.answered(event)
    del event
    assert large() is None
    observer.round()
    assert counts == {"written": MOST_ROWS}


def test_the_rate_is_the_share_that_is_chosen(files: SampleFiles, counts: Counter[str]) -> None:
    observer, event = sampler(files, counts, rate=0.2), answered([[50, 1]])
    for _ in range(5):
        for _ in range(1000):
            observer.answered(event)
        observer.round()
    assert 800 < counts["written"] < 1200
    assert len(written(files)) == counts["written"]


def test_what_is_behind_is_dropped_and_counted(
    files: SampleFiles, counts: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "MOST_WAITING", 10)
    observer, event = sampler(files, counts), answered([[50, 1], [60, 1]])
    for _ in range(15):
        observer.answered(event)
    observer.round()
    assert counts == {"dropped": 10, "written": 20}


def test_a_disk_that_takes_nothing_costs_samples_and_no_more(
    tmp_path: Path, files: SampleFiles, counts: Counter[str]
) -> None:
    (tmp_path / "samples").write_text("in the way")
    observer = sampler(files, counts)
    observer.answered(answered([[50, 1]]))
    with pytest.raises(OSError, match="samples"):
        observer.round()
    assert counts == {"dropped": 1}
    (tmp_path / "samples").unlink()
    observer.answered(answered([[50, 1]]))
    observer.round()
    assert counts == {"dropped": 1, "written": 1}


def test_a_line_that_was_cut_short_is_passed_over(tmp_path: Path, files: SampleFiles, counts: Counter[str]) -> None:
    observer = sampler(files, counts)
    observer.answered(answered([[50, 1]]))
    observer.round()
    (path,) = tmp_path.glob("samples/*/*/*.jsonl")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] + b"\n" + content)
    assert len(written(files)) == 1


@given(text=st.text())
def test_whatever_a_row_holds_it_stays_one_line(text: str) -> None:
    sample = Sample(time=datetime.now(UTC), request=text, rows=1, record=(text, None, 1.5), prediction=text)
    line = encode_sample(sample)
    assert b"\n" not in line
    assert msgspec.json.decode(line, type=Sample) == sample
