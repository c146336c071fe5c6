from __future__ import annotations

import logging
import tempfile
from pathlib import Path

import pytest

from carafe.monitoring import process
from carafe.monitoring.metrics import Metrics
from carafe.monitoring.telling import Telling
from carafe.monitoring.workers import server_folder
from monitoring.events import finished, served

TOLD = 'carafe_model_requests_total{model="houses",protocol="native",status="200",version="1"}'


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files of this test alone."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def written(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*.worker") if path.is_file()]


@pytest.mark.usefixtures("temporary")
def test_what_is_asked_for_is_told_as_of_now(tmp_path: Path) -> None:
    metrics = Metrics()
    telling = Telling(metrics, home=tmp_path / "home")
    for count in (1, 2):
        metrics.finished(finished(served=served()))
        assert f"{TOLD} {count}.0\n" in telling.tell().decode()
    assert "secret" not in telling.tell(may_see=lambda name: name != "houses").decode()
    assert TOLD not in telling.tell(may_see=lambda name: name != "houses").decode()


def test_nothing_is_written_while_nothing_is_counted(temporary: Path) -> None:
    metrics = Metrics()
    telling = Telling(metrics, home=temporary / "home")
    telling.round()
    (path,) = written(temporary)
    first = path.stat().st_mtime_ns
    telling.round()
    assert path.stat().st_mtime_ns == first
    metrics.finished(finished())
    telling.round()
    assert path.stat().st_mtime_ns > first


def test_services_over_one_home_in_one_process_do_not_meet(temporary: Path) -> None:
    one, other = (Telling(Metrics(), home=temporary / "home") for _ in range(2))
    one.round()
    other.round()
    assert len({path.parent for path in written(temporary)}) == 2


def test_where_workers_cannot_meet_each_tells_its_own_and_says_so(
    temporary: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server_folder(temporary).parent.write_text("in the way")
    metrics = Metrics()
    telling = Telling(metrics, home=temporary / "home")
    metrics.finished(finished(served=served()))
    with caplog.at_level(logging.WARNING, "carafe.monitoring"):
        telling.round()
        assert f"{TOLD} 1.0\n" in telling.tell().decode()
    assert [record.message for record in caplog.records if "can't meet" in record.message]
    assert len(caplog.records) == 1


def test_a_full_disk_keeps_no_figures_back(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = Metrics()
    telling = Telling(metrics, home=temporary / "home")
    telling.round()

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    metrics.finished(finished(served=served()))
    assert f"{TOLD} 1.0\n" in telling.tell().decode()
    with pytest.raises(OSError, match="No space left"):
        telling.round()


def test_a_system_that_does_not_tell_of_processes_costs_only_those_figures(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_PROCESSES", temporary / "nothing")
    assert process.identity().isdigit()
    assert process.runs(process.identity())
    assert not process.runs("999999999")
