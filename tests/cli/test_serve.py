from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from carafe.cli import main
from carafe.registry import open_registry
from carafe.settings import Settings
from own_s3 import OwnS3
from sealed import publish


@pytest.mark.parametrize(
    ("cache", "url", "told"),
    [
        ("houses=none", "", "CARAFE_CACHE"),
        ("houses", "redis://localhost:port/0", "CARAFE_REDIS_URL"),
        ("houses", "memcached://localhost", "CARAFE_REDIS_URL"),
    ],
)
def test_a_cache_that_can_not_be_had_is_told_before_any_worker_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: str, url: str, told: str
) -> None:
    monkeypatch.setenv("CARAFE_CACHE", cache)
    monkeypatch.setenv("CARAFE_REDIS_URL", url)
    done = CliRunner().invoke(main, ("serve", "--port", "0", "--home", str(tmp_path / "home")))
    assert done.exit_code != 0
    assert told in done.output
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("kind", ["folder", "bucket"])
def test_a_place_of_another_registry_is_told_before_any_worker_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, s3: OwnS3, kind: str
) -> None:
    url = s3.fresh() if kind == "bucket" else f"file://{tmp_path / 'shared'}"
    with closing(open_registry(Settings(home=tmp_path / "other", artifacts_url=url))) as registry:
        publish(registry)
    monkeypatch.setenv("CARAFE_ARTIFACTS_URL", url)
    done = CliRunner().invoke(main, ("serve", "--port", "0", "--home", str(tmp_path / "home")))
    assert done.exit_code != 0
    assert "another registry keeps its files in this place" in done.output


def _die(_settings: Settings) -> None:
    os._exit(1)


def test_a_look_at_the_place_of_the_files_that_is_ended_from_outside_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, s3: OwnS3
) -> None:
    monkeypatch.setattr("carafe.cli.serve._look", _die)
    monkeypatch.setenv("CARAFE_ARTIFACTS_URL", s3.fresh())
    done = CliRunner().invoke(main, ("serve", "--port", "0", "--home", str(tmp_path / "home")))
    assert done.exit_code == 1
    assert "storage-unavailable" in done.output
    assert "was ended from outside" in done.output
