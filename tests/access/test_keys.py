from __future__ import annotations

import re
from pathlib import Path

import pytest

from carafe.access import Authenticator, Role, ensure_administrator_key, memory_keys, open_keys
from carafe.errors import InvalidName, Unauthenticated
from carafe.settings import Settings


def test_a_key_names_itself_and_holds_256_random_bits() -> None:
    keys = memory_keys()
    new = keys.create(role=Role.READER)
    found = re.fullmatch(r"carafe_([a-zA-Z0-9]{10})_([a-zA-Z0-9]{43})", new.text)
    assert found is not None
    assert found[1] == new.record.id
    assert 62**43 >= 2**256
    assert len({keys.create(role=Role.READER).text for _ in range(100)}) == 100


def test_the_text_of_a_key_is_nowhere_in_the_home(tmp_path: Path) -> None:
    keys = open_keys(Settings(home=tmp_path / "home"))
    new = keys.create(role=Role.ADMINISTRATOR, name="mine")
    secret = new.text.rpartition("_")[2]
    assert secret not in repr(new)
    assert new.record.digest not in repr(new)
    keys.close()
    for file in (tmp_path / "home").rglob("*"):
        if file.is_file():
            assert secret.encode() not in file.read_bytes()


def test_a_key_is_called_by_its_role_unless_named() -> None:
    keys = memory_keys()
    assert keys.create(role=Role.READER).record.name == "reader"
    assert keys.create(role=Role.READER, name="Zoë's notebook").record.name == "Zoë's notebook"


@pytest.mark.parametrize("name", ["x" * 101, "two\nlines", "\x1b[2J", "\ud800"])
def test_a_name_that_would_spoil_a_log_line_is_refused(name: str) -> None:
    with pytest.raises(InvalidName, match="can't be a key's name: use 1 to 100 printable characters"):
        memory_keys().create(role=Role.READER, name=name)


def test_keys_of_a_home_are_known_to_every_process_that_opens_it(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    one, other = open_keys(settings), open_keys(settings)
    text = ensure_administrator_key(one)
    assert ensure_administrator_key(other) is None
    principal = Authenticator(other).authenticate(text)
    one.revoke(principal.key)
    with pytest.raises(Unauthenticated):
        Authenticator(other).authenticate(text)
    one.close()
    other.close()
