from __future__ import annotations

import os
from pathlib import Path

import pytest

from carafe.access import Purpose, derive, open_home
from carafe.access.secret import find_secret, make_secret
from carafe.errors import DamagedHome, StorageUnavailable
from carafe.settings import Settings


def test_a_secret_is_made_once_and_closed_to_other_accounts(tmp_path: Path) -> None:
    home = tmp_path / "home"
    before = os.umask(0)
    try:
        secret = make_secret(home)
    finally:
        os.umask(before)
    assert len(secret) == 32
    assert make_secret(home) == find_secret(home) == secret
    assert (home / "secret.key").stat().st_mode & 0o777 == 0o600
    assert not (home / "secret.key.new").exists()


def test_a_home_whose_database_has_vanished_is_not_begun_anew(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    open_home(settings).close()
    (settings.home / "carafe.db").rename(tmp_path / "aside")
    with pytest.raises(
        DamagedHome, match=r"has a secret or models but no carafe\.db: bring the database back, or restore"
    ):
        open_home(settings)
    assert not (settings.home / "carafe.db").exists()
    (tmp_path / "aside").rename(settings.home / "carafe.db")
    open_home(settings).close()


def test_two_homes_have_two_secrets(tmp_path: Path) -> None:
    assert make_secret(tmp_path / "a") != make_secret(tmp_path / "b")


def test_each_purpose_has_a_key_of_its_own() -> None:
    keys = {derive(b"s" * 32, purpose) for purpose in Purpose}
    assert len(keys) == len(Purpose)
    assert all(len(key) == 32 and key != b"s" * 32 for key in keys)


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
def test_a_file_that_holds_no_secret_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "secret.key").write_bytes(content)
    with pytest.raises(DamagedHome, match=rf"has {len(content)} bytes, expected 32: restore it from a backup"):
        find_secret(tmp_path)
    with pytest.raises(DamagedHome, match="restore it from a backup"):
        make_secret(tmp_path)
    assert (tmp_path / "secret.key").read_bytes() == content


def test_a_secret_that_is_a_folder_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "secret.key").mkdir()
    with pytest.raises(StorageUnavailable, match=r"secret\.key can't be read \(Is a directory\)"):
        find_secret(tmp_path)


def test_a_home_refuses_the_secret_of_another(tmp_path: Path) -> None:
    home = open_home(Settings(home=tmp_path / "home"))
    home.close()
    open_home(Settings(home=tmp_path / "home")).close()
    (tmp_path / "home" / "secret.key").write_bytes(os.urandom(32))
    with pytest.raises(DamagedHome, match="not the secret that this home was made with: restore it from a backup"):
        open_home(Settings(home=tmp_path / "home"))


def test_a_home_does_not_invent_a_new_secret_for_an_old_database(tmp_path: Path) -> None:
    open_home(Settings(home=tmp_path / "home")).close()
    (tmp_path / "home" / "secret.key").unlink()
    for _ in range(2):
        with pytest.raises(DamagedHome, match=r"secret\.key is gone from .*: bring it back from a backup"):
            open_home(Settings(home=tmp_path / "home"))
    assert not (tmp_path / "home" / "secret.key").exists()


def test_a_home_never_shows_its_secret(tmp_path: Path) -> None:
    home = open_home(Settings(home=tmp_path / "home"))
    home.close()
    assert "secret=" not in repr(home)
    assert repr(home.secret) not in repr(home)
