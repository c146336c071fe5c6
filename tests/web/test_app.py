from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from carafe.settings import Settings
from carafe.web import Carafe, create_app
from web.conftest import build_house


@pytest.fixture
def apps() -> Iterator[list[Flask]]:
    made: list[Flask] = []
    yield made
    for app in made:
        app.extensions["carafe"].close()


def test_the_first_application_over_a_home_prints_its_administrators_key_and_later_ones_print_nothing(
    tmp_path: Path, apps: list[Flask], capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(home=tmp_path / "home")
    apps.append(create_app(settings))
    (key,) = re.findall(r"carafe_[A-Za-z0-9]{10}_[A-Za-z0-9]{43}", capfd.readouterr().out)
    apps.append(create_app(settings))
    assert capfd.readouterr() == ("", "")
    assert caplog.text == ""
    assert apps[1].test_client().get("/models", headers={"X-API-Key": key}).status_code == 200


def test_no_key_is_printed_where_none_is_asked_for_or_the_service_is_another_s(
    tmp_path: Path, apps: list[Flask], capfd: pytest.CaptureFixture[str]
) -> None:
    apps.append(create_app(Settings(home=tmp_path / "open", open=True)))
    apps.append(Flask("shop"))
    Carafe(apps[1], settings=Settings(home=tmp_path / "host"))
    apps.append(build_house().app)
    assert capfd.readouterr() == ("", "")
