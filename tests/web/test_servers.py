"""The service over real HTTP, on each server that users run, with real models on disk."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import carafe
from carafe.access import ensure_administrator_key, open_keys
from carafe.settings import Settings
from web.servers import KINDS, Server, command, running

pytestmark = pytest.mark.xdist_group("servers")
"""One process runs all tests here, so that each server starts once."""

X = np.random.default_rng(0).normal(size=(80, 4))
LABELS = np.array(["setosa", "versicolor"])[(X[:, 2] > 0).astype(int)]


@dataclass(frozen=True)
class Home:
    """A home with two versions of a real model: its administrator's key, and what the pipeline answers in process."""

    path: Path
    key: str
    answers: list[str]


def publish_iris(home: Path) -> list[str]:
    """Publish a scaled logistic regression; return what it answers in process."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - heavy, and only some tests need it
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415

    estimator = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, LABELS)
    carafe.publish(estimator, "iris", sample=X, target="species", home=home)
    answers: list[str] = estimator.predict(X).tolist()
    return answers


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    path = tmp_path_factory.mktemp("servers") / "home"
    publish_iris(path)
    answers = publish_iris(path)
    keys = open_keys(Settings(home=path))
    key = ensure_administrator_key(keys)
    keys.close()
    return Home(path, key or "", answers)


WORKERS = {"carafe": ("--workers", "2"), "gunicorn": ("--workers", "2", "--preload"), "flask": ()}


@pytest.fixture(scope="module", params=KINDS)
def server(request: pytest.FixtureRequest, home: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server of each kind for all tests that leave it as it was; two workers where it can have them."""
    kind, folder = request.param, tmp_path_factory.mktemp("log")
    with running(kind, folder, home=home.path, key=home.key, extra=WORKERS[kind]) as started:
        yield started


def test_a_real_model_answers_what_it_says_in_process(server: Server, home: Home) -> None:
    assert server.predict("iris", X.tolist()) == {"predictions": home.answers}
    assert server.predict("iris", X[0].tolist()) == {"prediction": home.answers[0]}


def test_the_features_of_a_real_model_are_scaled(server: Server) -> None:
    _, _, body = server.ask("POST", "/models/iris/transform", json.dumps(X.tolist()).encode())
    matrix = np.array([list(row.values()) for row in json.loads(body)["features"]])
    assert np.allclose(matrix, (X - X.mean(axis=0)) / X.std(axis=0))


def test_errors_are_problem_documents_over_real_http(server: Server) -> None:
    for method, path, body, headers, status in [
        ("GET", "/models", None, {"X_API_Key": "wrong"}, 401),
        ("GET", "/nothing", None, {}, 404),
        ("PATCH", "/models", b"", {}, 405),
        ("POST", "/predict", b"{", {}, 400),
        ("POST", "/predict", b"[]", {}, 422),
        ("POST", "/predict", b"[]", {"Content_Type": "text/plain"}, 415),
        ("POST", "/predict", b" " * 200_001, {}, 413),
        ("POST", "/predict", (b" " * 50_000 for _ in range(5)), {}, 413),
    ]:
        got, sent, text = server.ask(method, path, body, **headers)
        assert (got, sent["Content-Type"]) == (status, "application/problem+json"), (method, path, text)
        assert json.loads(text)["request_id"] == sent["X-Request-Id"]


def test_a_body_in_chunks_is_read(server: Server) -> None:
    status, _, body = server.ask("POST", "/predict", (b"[", b"1,2", b",3,4", b"]"))
    assert (status, list(json.loads(body))) == (200, ["prediction"])


HEADER = b"id,x1,x2,x3,x4\n"


def test_a_table_is_streamed_both_ways_and_each_row_has_its_own_answer(server: Server, home: Home) -> None:
    lines = [",".join(map(str, [index, *X[index % 80]])).encode() for index in range(200_000)]
    pieces = [HEADER, *(b"\n".join(lines[start : start + 10_000]) + b"\n" for start in range(0, 200_000, 10_000))]
    status, sent, body = server.ask("POST", "/models/iris/score", iter(pieces), Content_Type="text/csv")
    assert (status, sent["Transfer-Encoding"], sent["Content-Length"]) == (200, "chunked", None)
    head, *rows = body.decode().splitlines()
    assert head == "id,x1,x2,x3,x4,prediction,error"
    assert [row.split(",")[0] for row in rows] == [str(index) for index in range(200_000)]
    assert [row.split(",")[5] for row in rows[:160]] == home.answers * 2


def test_a_table_that_breaks_in_the_middle_says_so_in_its_last_record(server: Server) -> None:
    body = HEADER + b"1,1,2,3,4\n" * 300_000 + b'1,1,2,3,"4"x\n'
    try:  # Granian ends the reply as if it were whole, the others don't end it at all: the last record tells
        _, _, came = server.ask("POST", "/models/iris/score", body, Content_Type="text/csv")
    except http.client.IncompleteRead as error:
        came = error.partial
    assert b"broken off here: the body, line 300002" in came.splitlines()[-1]


def test_a_table_of_more_bytes_than_allowed_is_refused(server: Server) -> None:
    status, _, body = server.ask("POST", "/models/iris/score", b"", Content_Type="text/csv", Content_Length=str(2**40))
    assert (status, json.loads(body)["title"]) == (413, "The body is too large")


def test_a_body_that_never_comes_holds_up_nobody(server: Server, home: Home) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as slow:
        slow.sendall(
            b"POST /predict HTTP/1.1\r\nHost: localhost\r\nX-API-Key: "
            + server.key.encode()
            + b"\r\nContent-Length: 100\r\n\r\n[1,"
        )
        assert server.predict("iris", X[0].tolist()) == {"prediction": home.answers[0]}


def test_many_threads_get_their_own_answers(server: Server, home: Home) -> None:
    wrong: list[int] = []

    def ask(start: int) -> None:
        wrong.extend(
            row
            for row in range(start, start + 10)
            if server.predict("iris", X[row].tolist()) != {"prediction": home.answers[row]}
        )

    threads = [threading.Thread(target=ask, args=(start,)) for start in range(0, 80, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []


def test_a_refused_request_leaves_its_connection_usable_though_its_body_comes_later(server: Server) -> None:
    body = b"[1, 2, 3, 4]"
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)) as connection:
        for path, expected in [("/models/nobody/predict", 404), ("/models/iris/predict", 200)] * 10:
            connection.putrequest("POST", path)
            for name, value in {"X-API-Key": server.key, "Content-Length": str(len(body))}.items():
                connection.putheader(name, value)
            connection.endheaders()
            time.sleep(0.01)
            connection.send(body)
            response = connection.getresponse()
            response.read()
            assert response.status == expected


def test_the_docs_page_and_the_document_are_served(server: Server) -> None:
    assert server.ask("GET", "/docs")[0] == 200
    status, _, body = server.ask("GET", "/openapi.json")
    assert status == 200
    assert "/models/iris/predict" in json.loads(body)["paths"]


def test_a_promotion_and_its_rollback_reach_every_worker_and_fail_no_request(server: Server) -> None:
    def answering() -> str | None:
        status, headers, _ = server.ask("POST", "/models/iris/predict", b"[1, 2, 3, 4]")
        assert status == 200
        return headers["X-Carafe-Model"]

    assert {answering() for _ in range(20)} == {"iris@1"}
    for number in (2, 1):
        body = json.dumps({"version": number}).encode()
        assert server.ask("PUT", "/models/iris/aliases/champion", body)[0] == 200
        until = time.monotonic() + 20  # a second, plus the time of a load on a busy machine
        while {answering() for _ in range(20)} != {f"iris@{number}"}:
            assert time.monotonic() < until
            time.sleep(0.1)


def test_a_home_that_has_an_administrator_prints_no_key(server: Server) -> None:
    assert "carafe_" not in server.said


@pytest.mark.parametrize("server", ["carafe"], indirect=True)
def test_a_worker_that_is_killed_is_replaced(server: Server, home: Home) -> None:
    before = server.workers
    assert len(before) == 2
    os.kill(min(before), signal.SIGKILL)
    until = time.monotonic() + 15
    now = before - {min(before)}
    while len(now) < 2:
        assert time.monotonic() < until, server.said
        time.sleep(0.1)
        now = server.workers - {min(before)}  # which is still listed while it dies, and its connections with it
    assert server.predict("iris", X[0].tolist()) == {"prediction": home.answers[0]}


# --- carafe serve ---


def test_the_first_start_prints_one_administrator_key_and_no_file_of_the_home_holds_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running("carafe", tmp_path, home=home) as server:
        (key,) = re.findall(r"carafe_[A-Za-z0-9]{10}_[A-Za-z0-9]{43}", server.said)
        assert f"http://127.0.0.1:{server.port}/docs" in server.said
        assert "There is no model yet" in server.said
        server.key = key
        assert server.ask("GET", "/models")[0] == 200
        assert server.ask("POST", "/predict", b"[1]")[0] == 404
        assert server.end() == 0
    for file in home.rglob("*"):
        assert not file.is_file() or key.encode() not in file.read_bytes()


def test_sigterm_lets_a_request_finish(home: Home, tmp_path: Path) -> None:
    with running("carafe", tmp_path, home=home.path, key=home.key) as server:
        found: list[object] = []
        body = json.dumps(X.tolist() * 20).encode()
        thread = threading.Thread(
            target=lambda: found.append(server.ask("POST", "/predict", _slowly(body), Content_Length=str(len(body)))[0])
        )
        thread.start()
        time.sleep(0.3)
        assert server.end() == 0
        thread.join(30)
        assert found == [200]


def _slowly(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), len(body) // 5 + 1):
        yield body[start : start + len(body) // 5 + 1]
        time.sleep(0.2)


def test_a_port_that_is_taken_is_told_and_no_key_is_spent(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        home = tmp_path / "home"
        done = subprocess.run(
            [*command("carafe", port), "--home", home], capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 1
    assert "[address-unavailable]" in done.stderr
    assert f"127.0.0.1 port {port}" in done.stderr
    assert not home.exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104 - to see it refused
def test_open_mode_is_refused_off_loopback(tmp_path: Path, host: str) -> None:
    done = subprocess.run(
        [*command("carafe", 0), "--open", "--host", host, "--home", tmp_path],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "[open-mode-refused]" in done.stderr


def test_open_mode_asks_this_machine_for_no_key_over_real_http(home: Home, tmp_path: Path) -> None:
    with running("carafe", tmp_path, home=home.path, extra=("--open",)) as server:
        assert server.predict("iris", X[0].tolist()) == {"prediction": home.answers[0]}
        assert server.ask("GET", "/models", Host="evil.example")[0] == 403
        assert "carafe_" not in server.said


LIGHT = """
import sys
import carafe.web
from carafe.settings import Settings
app = carafe.web.create_app(Settings(home=sys.argv[1]))
app.extensions["carafe"].catalog.warm = lambda: None
client = app.test_client()
key = {"X-API-Key": sys.argv[2]}
heavy = {"sklearn", "scipy", "polars", "pandas", "pyarrow", "lightgbm", "narwhals", "granian"}
assert client.get("/models", headers=key).status_code == 200
assert client.get("/openapi.json", headers=key).status_code == 200
print(sorted(heavy & set(sys.modules)))
for name in "iris", "neighbours":
    assert client.post(f"/models/{name}/predict", json=[1, 2, 3, 4], headers=key).status_code == 200
    print(sorted(heavy & set(sys.modules) & {"sklearn", "scipy", "polars", "pandas"}) != [])
"""


def test_heavy_libraries_are_imported_only_when_a_version_needs_them(tmp_path: Path) -> None:
    from sklearn.neighbors import KNeighborsClassifier  # noqa: PLC0415

    publish_iris(tmp_path)
    neighbours = KNeighborsClassifier(3).fit(X, np.arange(len(X)) % 3)
    version = carafe.publish(neighbours, "neighbours", sample=X, target="species", home=tmp_path)
    assert [rung.name for rung in version.manifest.ladder if rung.chosen] == ["native"]
    keys = open_keys(Settings(home=tmp_path))
    key = ensure_administrator_key(keys) or ""
    keys.close()
    done = subprocess.run(
        [sys.executable, "-c", LIGHT, tmp_path, key], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.splitlines() == ["[]", "False", "True"], done.stderr
