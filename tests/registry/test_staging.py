from __future__ import annotations

import errno
from pathlib import Path

import pytest

from carafe.errors import StorageUnavailable
from carafe.registry.staging import Staging


def test_a_lock_that_the_disk_refuses_is_told_as_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    area = Staging(tmp_path / "artefacts")

    def refused(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("fcntl.flock", refused)
    with pytest.raises(StorageUnavailable, match=r"can't be used now \(Input/output error\)"), area.in_use():
        raise AssertionError
    with pytest.raises(StorageUnavailable, match=r"can't be used now \(Input/output error\)"), area.alone():
        raise AssertionError


def test_who_is_not_alone_is_told_so_and_who_fails_meanwhile_as_he_says(tmp_path: Path) -> None:
    area = Staging(tmp_path / "artefacts")
    with area.in_use(), area.alone() as alone:
        assert not alone
    with area.alone() as alone:
        assert alone
    with pytest.raises(OSError, match="of the block"), area.in_use():
        raise OSError(errno.EIO, "of the block")
