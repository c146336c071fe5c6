from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

import carafe
from carafe.access import Permission, Role, ensure_administrator_key, open_keys
from carafe.monitoring import CONTENT_TYPE, read_samples, sample_files
from carafe.settings import Settings
from web.conftest import Ask, House, build_house
from web.servers import Server, running

pytestmark = pytest.mark.xdist_group("servers")

Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]

HOUSE = json.dumps({"area": 50, "bedrooms": 3})


def parse(text: bytes) -> Figures:
    """Return every series that was told, by name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def value(figures: Figures, name: str, **labels: str) -> float:
    """Return the sum of the series with this name and these labels."""
    return sum(
        number for (each, found), number in figures.items() if each == name and labels.items() <= dict(found).items()
    )


@pytest.mark.parametrize("mount", ["flask", "lane", "mounted"])
def test_each_request_is_counted_once_whichever_way_it_came(mount: str, house: House) -> None:
    ask: Ask = {"flask": house.ask, "lane": house.ask_lane, "mounted": house.ask_fast}[mount]
    for body, status in ((HOUSE, 200), (HOUSE, 200), ('{"area": "x"}', 422)):
        assert ask("POST", "/models/houses/predict", body).status == status
    assert ask("POST", "/models/nobody/predict", HOUSE).status == 404
    answer = house.ask("GET", "/metrics")
    assert (answer.status, answer.headers["content-type"]) == (200, CONTENT_TYPE)
    figures = parse(answer.body)
    assert value(figures, "carafe_model_requests_total", model="houses", version="1", status="200") == 2
    assert value(figures, "carafe_model_requests_total", model="houses", status="422", protocol="native") == 1
    assert value(figures, "carafe_model_requests_total") == 3
    assert value(figures, "carafe_rows_total", model="houses") >= 2
    assert value(figures, "carafe_errors_total", slug="invalid-input", model="houses") == 1
    assert value(figures, "carafe_errors_total", slug="model-not-found", model="") == 1
    assert value(figures, "carafe_http_requests_total", route="/models/<name>/predict", method="POST") == 4
    assert value(figures, "carafe_model_request_duration_seconds_count", model="houses") == 3


def test_what_clients_make_up_is_gathered(house: House) -> None:
    for number in range(5):
        house.ask("GET", f"/nowhere/{number}")
        house.ask(f"BREW{number}", "/models")
    text = house.ask("GET", "/metrics").body.decode()
    figures = parse(text.encode())
    assert value(figures, "carafe_http_requests_total", route="(others)", method="GET", status="404") == 5
    assert value(figures, "carafe_http_requests_total", method="(others)") == 5
    assert "BREW" not in text
    assert "nowhere" not in text


@pytest.mark.parametrize("role", Role)
def test_figures_are_for_those_who_may_see_them(role: Role, house: House) -> None:
    status = house.ask("GET", "/metrics", b"", {"X-API-Key": house.keys[role]}).status
    assert status == (200 if Permission.METRICS in role.permissions else 403)
    assert house.ask("GET", "/metrics", b"", {"X-API-Key": ""}).status == 401


def test_two_services_in_one_process_do_not_count_for_each_other(house: House, empty_house: House) -> None:
    other = House(**vars(house)) if house is not empty_house else house
    figures = parse(other.ask("GET", "/metrics").body)
    assert value(figures, "carafe_model_requests_total") == 0
    assert value(figures, "carafe_workers") == 1


def test_no_house_has_another_ones_home() -> None:
    houses = [build_house(), build_house()]
    homes = {each.service.settings.home for each in houses}
    assert len(homes | {Settings().home}) == 3
    for each in houses:
        each.service.close()


def test_unseen_categories_are_told_by_column(house: House) -> None:
    record = {"number": 1.5, "integer": 3, "boolean": True, "category": "zzz", "code": 2, "text": "", "when": None}
    assert house.ask("POST", "/models/everything/predict", json.dumps(record)).status == 200
    figures = parse(house.ask("GET", "/metrics").body)
    labels = {"model": "everything", "version": "1", "column": "category"}
    assert value(figures, "carafe_unseen_categories_total", **labels) == 1


def test_versions_are_told_while_they_are_loaded(house: House) -> None:
    house.service.catalog.warm()
    figures = parse(house.ask("GET", "/metrics").body)
    assert value(figures, "carafe_loaded_versions") == 5
    assert value(figures, "carafe_version_load_seconds_count", model="iris") == 1
    assert value(figures, "carafe_build_info", version=carafe.__version__) == 1


# --- real servers ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Home:
    """A home with one real model, and its administrator's key."""

    path: Path
    key: str


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    from sklearn.linear_model import LinearRegression  # noqa: PLC0415 - heavy, and only some tests need it

    table = np.random.default_rng(0).normal(size=(80, 2))
    path = tmp_path_factory.mktemp("metrics") / "home"
    estimator = LinearRegression().fit(table, table.sum(axis=1))
    carafe.publish(estimator, "sums", sample=table, home=path)
    keys = open_keys(Settings(home=path))
    key = ensure_administrator_key(keys)
    keys.close()
    return Home(path, key or "")


EXTRA = {"carafe": ("--workers", "2"), "gunicorn": ("--workers", "2", "--preload")}


@pytest.fixture(scope="module", params=EXTRA)
def server(request: pytest.FixtureRequest, home: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with two workers that logs and samples everything."""
    folder = tmp_path_factory.mktemp("log")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CARAFE_ACCESS_LOG", "1")
        environment.setenv("CARAFE_SAMPLE_RATE", "1")
        kind = request.param
        with running(kind, folder, home=home.path, key=home.key, extra=EXTRA[kind]) as started:
            yield started


def scrape(server: Server) -> Figures:
    status, _, body = server.ask("GET", "/metrics")
    assert status == 200
    return parse(body)


def eventually(server: Server, holds: Callable[[Figures], bool]) -> Figures:
    """Return the figures as soon as they are as they should be: other workers' are up to a second old."""
    figures, until = Figures(), time.monotonic() + 60
    while time.monotonic() < until:
        with contextlib.suppress(OSError):  # a worker that is killed takes connections with it
            figures = scrape(server)
            if holds(figures):
                return figures
        time.sleep(0.1)
    raise AssertionError(figures)


def predictions(figures: Figures) -> float:
    return value(figures, "carafe_model_requests_total", model="sums", version="1", status="200")


def test_any_worker_tells_what_all_have_done_and_a_dead_one_is_not_forgotten(server: Server) -> None:
    for _ in range(40):
        assert server.ask("POST", "/models/sums/predict", b"[[1, 2], [3, 4]]")[0] == 200
    figures = eventually(server, lambda found: predictions(found) == 40)
    assert value(figures, "carafe_rows_total", model="sums") == 80
    assert value(figures, "carafe_model_request_duration_seconds_count", model="sums") == 40
    assert value(figures, "carafe_model_request_duration_seconds_bucket", le="10.0") == 40
    assert 0 < value(figures, "carafe_model_request_duration_seconds_sum") < 40
    eventually(server, lambda found: value(found, "carafe_workers") == 2)
    eventually(server, lambda found: value(found, "carafe_samples_total", result="written") == 80)
    victim = min(workers_of(server))
    os.kill(victim, signal.SIGKILL)
    eventually(server, lambda found: value(found, "carafe_workers") == 2 and victim not in workers_of(server))
    assert predictions(scrape(server)) == 40
    assert server.ask("POST", "/models/sums/predict", b"[[1, 2], [3, 4]]")[0] == 200
    eventually(server, lambda found: predictions(found) == 41)


def workers_of(server: Server) -> set[int]:
    """Return the identifiers of the processes that answer, of either server."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    return {int(child) for child in children}


def test_figures_only_grow_whichever_worker_tells_them(server: Server) -> None:
    seen = []
    for _ in range(30):
        server.ask("POST", "/models/sums/predict", b"[1, 2]")
        seen.append(predictions(scrape(server)))
    assert seen == sorted(seen)


@pytest.mark.needs("prometheus")
def test_prometheus_finds_nothing_to_say(server: Server) -> None:
    server.ask("POST", "/models/sums/predict", b"[1, 2]")
    _, _, body = server.ask("GET", "/metrics")
    done = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_requests_are_logged_and_rows_kept_the_last_ones_too(server: Server, home: Home) -> None:
    server.ask("GET", "/nowhere%0a%1b[2J")
    server.ask("POST", "/models/sums/predict", b"[[0.5, 0.25]]", X_Request_Id="mine")
    assert server.end() == 0  # what waits is written before
    lines = [json.loads(line) for line in server.said.splitlines() if line.startswith('{"time"')]
    (line,) = [line for line in lines if line["request_id"] == "mine"]
    told = {name: line[name] for name in ("route", "status", "model", "version", "rows", "peer")}
    assert told == {
        "route": "/models/<name>/predict",
        "status": 200,
        "model": "sums",
        "version": 1,
        "rows": 1,
        "peer": "127.0.0.1",
    }
    assert line["key"] == re.fullmatch(r"carafe_(\w+)_\w+", home.key)[1]  # type: ignore[index]
    assert home.key not in server.said
    assert [line["path"] for line in lines if line["status"] == 404] == ["/nowhere\\n\\x1b[2J"]
    kept = list(read_samples(sample_files(Settings(home=home.path)), name="sums", number=1))
    (mine,) = [sample for sample in kept if sample.record == (0.5, 0.25)][-1:]
    assert mine.prediction == pytest.approx(0.75)
