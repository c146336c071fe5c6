from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from carafe.access import Authenticator, Role, open_keys
from carafe.cli import main
from carafe.errors import Unauthenticated
from carafe.settings import Settings


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CARAFE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def begun(home: Path) -> Path:
    """Return a home in which nothing was done yet."""
    open_keys(Settings(home=home)).close()
    return home


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ("keys", *words))


def test_a_key_is_printed_alone_so_that_a_script_can_take_it(home: Path) -> None:
    made = run("create", "--role", "predictor", "--name", "shop")
    assert re.fullmatch(r"carafe_\w{10}_\w{43}\n", made.stdout)
    assert "(shop) permits: predict, read. Keep it; it is not shown again." in made.stderr
    keys = open_keys(Settings(home=home))
    principal = Authenticator(keys).authenticate(made.stdout.strip())
    assert (principal.name, principal.role) == ("shop", Role.PREDICTOR)
    keys.close()


@pytest.mark.usefixtures("begun")
def test_keys_are_listed_without_what_proves_them() -> None:
    assert "no key yet: `carafe keys create --role predictor` makes one" in run("list").stdout
    text = run("create", "--role", "reader").stdout.strip()
    listed = run("list").stdout
    assert text.split("_")[1] in listed
    assert text.split("_")[2] not in listed
    (record,) = json.loads(run("list", "--json").stdout)
    assert record["role"] == record["name"] == "reader"
    assert record["permissions"] == ["read"]
    assert record["revoked"] is None
    assert set(record) == {"id", "name", "role", "permissions", "created", "revoked", "rate"}


def test_a_revoked_key_proves_nothing(home: Path) -> None:
    text = run("create", "--role", "reader", "--name", "old").stdout.strip()
    name = text.split("_")[1]
    assert run("revoke", name).stdout == f"revoked {name} (old)\n"
    keys = open_keys(Settings(home=home))
    with pytest.raises(Unauthenticated):
        Authenticator(keys).authenticate(text)
    keys.close()
    assert json.loads(run("list", "--json").stdout)[0]["revoked"] is not None


@pytest.mark.usefixtures("begun")
def test_a_key_that_is_not_there_is_told() -> None:
    refused = run("revoke", "nobody")
    assert refused.exit_code == 1
    assert "[key-not-found]" in refused.stderr
    assert "there is no key 'nobody': `carafe keys list` shows the identifiers" in refused.stderr


def test_a_role_that_does_not_exist_is_a_wrong_command_line(home: Path) -> None:
    refused = run("create", "--role", "king")
    assert refused.exit_code == 2
    assert "'king' is not one of 'monitor', 'reader', 'predictor', 'operator', 'administrator'" in refused.stderr
    assert not home.exists()


@pytest.mark.usefixtures("home")
def test_a_limit_is_given_changed_and_taken_back() -> None:
    key = run("create", "--role", "predictor", "--rate", "100/s").stdout.split("_")[1]
    assert "100/s" in run("list").stdout
    assert run("limit", key, "20000/day").stdout == f"{key} (predictor) may ask 20000/day\n"
    assert run("limit", key, "none").stdout == f"{key} (predictor) may ask what the service allows\n"
    (record,) = json.loads(run("list", "--json").stdout)
    assert record["rate"] is None


@pytest.mark.usefixtures("home")
def test_a_limit_that_is_none_is_a_wrong_command_line() -> None:
    found = run("create", "--role", "predictor", "--rate", "fast")
    assert found.exit_code == 2
    assert "got 'fast', expected requests and a time" in found.stderr
    assert "there is no home" in run("list").stderr, "nothing was begun for it"
