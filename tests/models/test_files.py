from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from carafe.errors import CorruptArtefact, StorageUnavailable
from carafe.models.files import digest_of, list_files, read_checked, read_file, write_files


def test_a_file_comes_back_when_its_digest_holds(tmp_path: Path) -> None:
    write_files(tmp_path, {"a": b"content"})
    assert read_checked(tmp_path, digest_of("a", b"content")) == b"content"
    with pytest.raises(CorruptArtefact, match="a: its content is not what the manifest promises"):
        read_checked(tmp_path, digest_of("a", b"Content"))


def test_a_file_larger_than_the_manifest_promises_is_not_read(tmp_path: Path) -> None:
    write_files(tmp_path, {"a": b"content"})
    with pytest.raises(CorruptArtefact, match="a: got 7 bytes, expected at most 3"):
        read_file(tmp_path, "a", limit=3)


def test_a_file_is_never_overwritten(tmp_path: Path) -> None:
    write_files(tmp_path, {"a": b"first"})
    with pytest.raises(FileExistsError):
        write_files(tmp_path, {"a": b"second"})
    assert (tmp_path / "a").read_bytes() == b"first"


def test_a_full_disk_is_said_to_be_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageUnavailable, match=r"can't be written now \(No space left on device\): check the disk's"):
        write_files(tmp_path, {"a": b"x"})


def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(b"precious")
    (tmp_path / "a").symlink_to(tmp_path / "outside")
    with pytest.raises(FileExistsError):
        write_files(tmp_path, {"a": b"x"})
    assert (tmp_path / "outside").read_bytes() == b"precious"


def test_a_directory_among_the_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "nested").mkdir()
    with pytest.raises(CorruptArtefact, match="nested: got a link or a directory, expected a plain file"):
        list_files(tmp_path)
    with pytest.raises(CorruptArtefact, match="no artefact at nowhere"):
        list_files(tmp_path / "nowhere")
