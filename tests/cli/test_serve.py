from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from carafe.cli import main


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
