from __future__ import annotations

import json
from collections import Counter
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carafe.monitoring import access_log as room
from carafe.monitoring.access_log import AccessLog, encode_line
from monitoring.events import PREDICT, finished, served


class Log:
    """An access log, and what it wrote."""

    def __init__(self, rate: float) -> None:
        self.counts: Counter[str] = Counter()
        self.written = b""
        self.log = AccessLog(rate=rate, count=lambda result, n: self.counts.update({result: n}), write=self.write)

    def write(self, lines: bytes) -> None:
        self.written += lines


def test_a_line_tells_what_is_known_of_a_request() -> None:
    event = finished(
        served=served(), rows=2, unseen=1, key="abc123", peer="10.0.0.1", path="/models/houses/predict", seconds=0.00025
    )
    line = json.loads(encode_line(1_700_000_000.5, event))
    assert datetime.fromisoformat(line.pop("time")).timestamp() == 1_700_000_000.5
    assert line == {
        "request_id": "abc",
        "method": "POST",
        "route": PREDICT,
        "path": "/models/houses/predict",
        "status": 200,
        "seconds": 0.00025,
        "problem": None,
        "model": "houses",
        "version": 1,
        "protocol": "native",
        "rows": 2,
        "unseen": 1,
        "key": "abc123",
        "peer": "10.0.0.1",
    }


HOSTILE = st.text(st.characters() | st.sampled_from("\n\r\x00\x1b\x7f\x85\u2028\u2029\ud800\"'\\{}"), max_size=300)


@given(path=HOSTILE, method=HOSTILE, request_id=HOSTILE, peer=HOSTILE)
def test_whatever_a_client_writes_it_stays_one_line_of_plain_json(
    path: str, method: str, request_id: str, peer: str
) -> None:
    line = encode_line(0.0, finished(path=path, method=method, request_id=request_id, peer=peer))
    text = line.decode("ascii")
    assert text.splitlines() == [text.removesuffix("\n")]
    assert text[:-1].isprintable()
    assert json.loads(text)["status"] == 200
    assert len(line) < 12_000


def test_the_rate_is_the_share_of_requests_that_get_a_line() -> None:
    log = Log(0.1)
    for _ in range(5000):
        log.log.finished(finished())
    log.log.round()
    assert 350 < len(log.written.splitlines()) < 650
    assert log.counts["written"] == len(log.written.splitlines())


def test_what_failed_inside_the_server_always_gets_a_line() -> None:
    log = Log(1e-9)
    for status in (200, 404, 500, 503):
        log.log.finished(finished(status=status))
    log.log.round()
    assert [json.loads(line)["status"] for line in log.written.splitlines()] == [500, 503]


def test_what_is_behind_is_dropped_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST_WAITING", 3)
    log = Log(1.0)
    for _ in range(5):
        log.log.finished(finished())
    log.log.round()
    log.log.round()
    assert log.counts == {"dropped": 2, "written": 3}


def test_a_reader_that_went_away_costs_lines_and_no_more() -> None:
    counts: Counter[str] = Counter()

    def broken(_: bytes) -> None:
        raise BrokenPipeError

    log = AccessLog(rate=1.0, count=lambda result, n: counts.update({result: n}), write=broken)
    log.finished(finished())
    with pytest.raises(BrokenPipeError):
        log.round()
    assert counts == {"dropped": 1}


def test_lines_go_to_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    log = AccessLog(rate=1.0, count=lambda *_: None)
    log.finished(finished())
    log.round()
    assert json.loads(capfd.readouterr().err)["route"] == PREDICT
