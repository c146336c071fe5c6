"""Carafe as a guest: what the host application has stays as it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, abort, request, request_started

from carafe.access import Role, ensure_administrator_key
from carafe.errors import InvalidSetting
from carafe.settings import Settings
from carafe.web import Carafe
from carafe.web.service import Service, build_service
from served import load_rule, publish_rule
from web.conftest import House, build_house


@pytest.fixture
def host(house: House) -> Flask:
    app = Flask("shop")
    app.config["MAX_CONTENT_LENGTH"] = 10

    @app.get("/")
    def home() -> str:
        return "the shop"

    @app.post("/models")
    def models() -> str:
        return request.get_data(as_text=True)

    @app.get("/fail")
    def fail() -> str:
        abort(418)

    @app.errorhandler(404)
    def lost(_: Exception) -> tuple[str, int]:
        return "the shop has no such page", 404

    @app.after_request
    def sign(response: Response) -> Response:
        response.headers["X-Shop"] = "yes"
        return response

    Carafe(app, url_prefix="/ml", service=house.service)
    return app


def test_the_guest_answers_under_its_prefix_and_the_hosts_hooks_run(host: Flask, house: House) -> None:
    key = {"X-API-Key": house.keys[Role.PREDICTOR]}
    response = host.test_client().post("/ml/models/houses/predict", json=[50, 3], headers=key)
    assert response.get_json() == {"prediction": 8000.0}
    assert response.headers["X-Shop"] == "yes"


def test_the_guest_has_its_own_limit_for_bodies(host: Flask, house: House) -> None:
    key = {"X-API-Key": house.keys[Role.PREDICTOR]}
    long = '{"area": 50, "bedrooms": 3' + " " * 1000 + "}"
    client = host.test_client()
    answer = client.post("/ml/models/houses/predict", data=long, headers=key, content_type="application/json")
    assert answer.get_json() == {"prediction": 8000.0}
    assert client.post("/models", data="longer than ten bytes").status_code == 413


def test_the_hosts_routes_and_error_pages_stay_its_own(host: Flask) -> None:
    client = host.test_client()
    assert client.get("/").text == "the shop"
    assert client.post("/models", data="own").text == "own"
    assert client.get("/nothing").text == "the shop has no such page"
    assert client.get("/mlx").text == "the shop has no such page"
    assert client.get("/fail").status_code == 418
    assert client.delete("/").status_code == 405
    assert client.delete("/").mimetype == "text/html"
    assert client.open("/models", method="BREW").mimetype == "text/html"
    assert client.open("/mlx", method="BREW").text == "the shop has no such page"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/ml/x", 404),
        ("GET", "/ml/", 404),
        ("GET", "/ml", 404),
        ("PATCH", "/ml/models", 401),
        ("BREW", "/ml/models", 401),
        ("BREW", "/ml/docs", 405),
        ("BREW", "/ml/x", 404),
    ],
)
def test_below_the_prefix_every_error_is_a_problem_document(host: Flask, method: str, path: str, status: int) -> None:
    response = host.test_client().open(path, method=method)
    assert response.status_code == status
    assert response.mimetype == "application/problem+json"
    assert response.headers["X-Request-Id"]


def test_the_hosts_routes_need_no_key_and_the_guests_do(host: Flask) -> None:
    client = host.test_client()
    assert client.get("/ml/models").status_code == 401
    assert client.get("/ml/health/live").status_code == 200
    assert client.get("/models/houses").status_code == 404


def test_the_document_names_the_prefix(host: Flask, house: House) -> None:
    key = {"X-API-Key": house.keys[Role.READER]}
    client = host.test_client()
    assert client.get("/ml/openapi.json", headers=key).get_json()["servers"] == [{"url": "/ml"}]
    behind = client.get("/ml/openapi.json", headers=key, environ_overrides={"SCRIPT_NAME": "/app"})
    assert behind.get_json()["servers"] == [{"url": "/app/ml"}]
    assert client.get("/ml/docs").status_code == 200
    assert client.get("/ml/docs/docs.js").status_code == 200


def test_the_extension_is_found_where_flask_keeps_extensions(host: Flask, house: House) -> None:
    assert host.extensions["carafe"] is house.service


@pytest.fixture
def closing() -> Iterator[list[Service]]:
    services: list[Service] = []
    yield services
    for service in services:
        service.close()


def test_settings_come_from_the_hosts_config(tmp_path: Path, closing: list[Service]) -> None:
    app = Flask("shop")
    app.config.update(CARAFE_HOME=str(tmp_path / "home"), CARAFE_MAX_ROWS=7, CARAFE_DEFAULT_MODEL="houses")
    closing.append(Carafe().init_app(app, url_prefix="/ml/"))
    settings = closing[0].settings
    assert (settings.home, settings.max_rows, settings.default_model) == (tmp_path / "home", 7, "houses")
    assert app.test_client().get("/ml/version").status_code == 200


def test_a_config_value_that_can_not_be_used_is_named(tmp_path: Path) -> None:
    app = Flask("shop")
    app.config.update(CARAFE_HOME=tmp_path, CARAFE_MAX_ROWS=0)
    with pytest.raises(InvalidSetting, match="max_rows"):
        Carafe(app)


def test_a_host_may_have_two_applications_over_one_home(tmp_path: Path, closing: list[Service]) -> None:
    settings = Settings(home=tmp_path / "home")
    for name in ("one", "two"):
        app = Flask(name)
        closing.append(Carafe(settings=settings).init_app(app))
        assert app.test_client().get("/carafe/version").status_code == 200


def test_the_default_prefix_is_carafe_and_an_empty_one_is_possible() -> None:
    house = build_house()
    for prefix, path in (("/carafe", "/carafe/version"), ("", "/version")):
        app = Flask("shop")
        Carafe(app, url_prefix=prefix, service=house.service)
        assert app.test_client().get(path).status_code == 200
        assert app.test_client().get("/elsewhere").mimetype == "text/html"
    house.service.close()


def test_a_home_on_disk_is_served(tmp_path: Path, closing: list[Service]) -> None:
    from carafe.access import open_keys  # noqa: PLC0415
    from carafe.registry import open_registry  # noqa: PLC0415

    settings = Settings(home=tmp_path / "home")
    keys, registry = open_keys(settings), open_registry(settings)
    key = ensure_administrator_key(keys)
    publish_rule(registry, "houses", "houses")
    service = build_service(settings, registry=registry, keys=keys, load=load_rule)
    closing.append(service)
    app = Flask("shop")
    Carafe(app, service=service)
    answer = app.test_client().post("/carafe/predict", json=[50, 3], headers={"X-API-Key": key or ""})
    assert answer.get_json() == {"prediction": 8000.0}


@pytest.mark.parametrize("hook", ["before_request", "after_request", "teardown_request"])
def test_an_applications_own_hooks_run_for_predictions_too(house: House, hook: str) -> None:
    seen: list[str] = []

    def note(given: Any = None) -> Any:  # noqa: ANN401 - a response, an exception or nothing
        seen.append(hook)
        return given if hook == "after_request" else None

    getattr(house.fast, hook)(note)
    assert house.ask_fast("POST", "/models/houses/predict", '{"area": 50, "bedrooms": 3}').status == 200
    assert seen == [hook]


def test_a_host_application_takes_the_fast_lane_only_when_it_asks_for_it(house: House) -> None:
    for fast in (False, True):
        app = Flask("host")
        heard: list[object] = []
        Carafe(app, url_prefix="/ml", settings=house.service.settings, service=house.service, fast_lane=fast)
        with request_started.connected_to(lambda sender, heard=heard: heard.append(sender), app):
            response = app.test_client().post(
                "/ml/models/houses/predict",
                data='{"area": 50, "bedrooms": 3}',
                headers={"X-API-Key": house.keys[Role.PREDICTOR], "Content-Type": "application/json"},
            )
        assert response.json == {"prediction": 8000.0}
        assert bool(heard) is not fast
