from __future__ import annotations

import os
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carafe.errors import InvalidSetting, OpenModeRefused
from carafe.schema import ModelRef
from carafe.settings import CacheLimits, Settings, is_loopback, variable


def test_the_defaults_listen_on_this_machine_only_and_ask_for_a_key() -> None:
    settings = Settings.load({})
    assert is_loopback(settings.host)
    assert not settings.open
    assert settings.home == Path("~/.carafe").expanduser()


def test_every_setting_is_read_from_its_variable() -> None:
    given = {
        "CARAFE_HOME": "/srv/carafe",
        "CARAFE_HOST": "::1",
        "CARAFE_PORT": "0",
        "CARAFE_WORKERS": "2",
        "CARAFE_THREADS": "8",
        "CARAFE_OPEN": "true",
        "CARAFE_DEFAULT_MODEL": "houses",
        "CARAFE_MAX_BODY_BYTES": "1024",
        "CARAFE_MAX_ROWS": "10",
        "CARAFE_BATCH_ROWS": "64",
        "CARAFE_QUEUE_LIMIT": "32",
        "CARAFE_WAIT_SECONDS": "3",
        "CARAFE_CACHE": "houses",
        "CARAFE_REDIS_URL": "redis://localhost:6379/1",
    }
    settings = Settings.load(given)
    assert settings.home == Path("/srv/carafe")
    assert (settings.host, settings.port, settings.workers, settings.threads) == ("::1", 0, 2, 8)
    assert (settings.open, settings.default_model) == (True, "houses")
    assert (settings.max_body_bytes, settings.max_rows) == (1024, 10)
    assert (settings.batch_rows, settings.queue_limit, settings.wait_seconds) == (64, 32, 3)
    assert (settings.cache, settings.redis_url) == ("houses", "redis://localhost:6379/1")


def test_the_environment_of_the_process_is_the_one_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "CARAFE_PORT", "8123")
    assert Settings.load().port == 8123


def test_a_flag_that_was_given_wins_over_the_environment_and_one_that_was_not_does_not() -> None:
    settings = Settings.load({"CARAFE_PORT": "8001", "CARAFE_HOST": "::1"}, port=8002, host=None)
    assert (settings.port, settings.host) == (8002, "::1")


def test_an_empty_variable_is_as_good_as_none() -> None:
    assert Settings.load({"CARAFE_PORT": "", "CARAFE_HOME": ""}) == Settings.load({})


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("port", "eight", "a whole number"),
        ("port", "8000.5", "a whole number"),
        ("workers", " ", "a whole number"),
        ("open", "perhaps", "true or false"),
        ("port", "65536", "0 to 65535"),
        ("port", "-1", "0 to 65535"),
        ("workers", "0", "at least 1"),
        ("max_rows", "-5", "at least 1"),
        ("queue_limit", "0", "at least 1"),
        ("cache", "houses=0", "houses=10000:300"),
        ("cache", "houses=10:", "houses=10000:300"),
        ("cache", "houses=1:2:3", "houses=10000:300"),
        ("cache", "houses = ten", "houses=10000:300"),
        ("cache", "Häuser", "houses=10000:300"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_variable(name: str, text: str, expected: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        Settings.load({variable(name): text})
    message = str(caught.value)
    assert variable(name) in message
    assert text in message
    assert expected in message


@pytest.mark.parametrize(("name", "value"), [("port", True), ("open", 1), ("host", 3), ("home", 3)])
def test_an_override_of_the_wrong_type_is_refused(name: str, value: object) -> None:
    with pytest.raises(InvalidSetting, match=variable(name)):
        Settings.load({}, **{name: value})


def test_an_override_that_is_no_setting_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidSetting, match=r"prot: there is no such setting; there are home, host, port"):
        Settings.load({}, prot=8000)


def test_a_home_of_nobody_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="CARAFE_HOME"):
        Settings.load({"CARAFE_HOME": "~nobody-of-this-name/models"})


def test_a_relative_home_is_made_absolute() -> None:
    assert Settings(home=Path("models")).home == Path.cwd() / "models"


@given(st.integers())
def test_a_port_is_between_0_and_65535(port: int) -> None:
    try:
        assert Settings.load({"CARAFE_PORT": str(port)}).port == port
    except InvalidSetting:
        assert not 0 <= port <= 65535


@given(st.text())
def test_whatever_an_address_is_open_mode_holds_only_on_loopback(host: str) -> None:
    try:
        Settings(host=host, open=True).check_open()
    except OpenModeRefused as error:
        assert "hand out keys" in str(error)
    else:
        assert is_loopback(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "[::1]", "localhost", "LocalHost"])
def test_loopback_is_recognised(host: str) -> None:
    Settings(host=host, open=True).check_open()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org", "localhost.example.org", "", "127.1"])  # noqa: S104
def test_any_other_address_is_refused_in_open_mode_only(host: str) -> None:
    Settings(host=host).check_open()
    with pytest.raises(OpenModeRefused):
        Settings(host=host, open=True).check_open()


def test_every_setting_has_its_help() -> None:
    assert all(item.metadata["help"].endswith(".") for item in fields(Settings))


def test_each_cached_model_has_its_own_limits() -> None:
    settings = Settings.load({"CARAFE_CACHE": "houses=10000:60, iris, wine=5"})
    assert settings.cached_models() == {
        "houses": CacheLimits(entries=10_000, seconds=60),
        "iris": CacheLimits(),
        "wine": CacheLimits(entries=5),
    }
    assert Settings().cached_models() == {}


def test_the_password_of_a_redis_is_never_shown() -> None:
    assert "hunter2" not in repr(Settings(redis_url="redis://:hunter2@localhost/0"))
    with pytest.raises(InvalidSetting, match="CARAFE_REDIS_URL") as caught:
        Settings.load({"CARAFE_REDIS_URL": "http://:hunter2@localhost"})
    assert "hunter2" not in str(caught.value)


def test_pinned_models_are_named_by_themselves_by_a_version_or_by_an_alias() -> None:
    settings = Settings.load({"CARAFE_PINNED": "houses, iris@3,churn@staging,houses"})
    assert settings.pinned_models() == ("houses", "iris@3", "churn@staging")
    assert Settings().pinned_models() == ()


@given(st.text(alphabet="ab1@.,-_ A", max_size=12))
def test_what_is_pinned_is_a_reference_or_refused(text: str) -> None:
    try:
        pinned = Settings(pinned=text).pinned_models()
    except InvalidSetting:
        return
    assert [str(ModelRef.parse(one)).removesuffix("@champion") for one in pinned] == [
        one.removesuffix("@champion") for one in pinned
    ]


def test_no_more_is_pinned_than_may_be_loaded() -> None:
    with pytest.raises(InvalidSetting, match="got 3 models, expected at most 2"):
        Settings(pinned="a,b,c", max_loaded=2)
