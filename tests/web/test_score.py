"""Tables of any length over HTTP: every record in its place, with an answer or the reason why there is none."""

from __future__ import annotations

import contextlib
import io
import json

import polars as pl
import pytest
from werkzeug.test import TestResponse

from carafe.jobs.scoring.reply import Broken
from carafe.jobs.scoring.sources import delimited
from carafe.protocols.media import ARROW, CSV, JSON_LINES, PARQUET
from carafe.serving import Answered, Finished, Observer
from jobs.scoring.test_trial import promising
from served import publish_rule
from web.conftest import Ask, House, build_house

HOUSES = pl.DataFrame({"id": ["a", "b"], "area": [100.0, 50.5], "bedrooms": [2, None]})
PRICES = [12000.0, 7050.0]
URL = "/models/houses/score"


@pytest.fixture(params=["flask", "mounted"])
def ask_table(house: House, request: pytest.FixtureRequest) -> Ask:
    """Ask the test's own house; tables don't go through the lane."""
    return {"flask": house.ask, "mounted": house.ask_fast}[request.param]


def body_of(kind: str) -> bytes:
    out = io.BytesIO()
    writers = {CSV: HOUSES.write_csv, JSON_LINES: HOUSES.write_ndjson, PARQUET: HOUSES.write_parquet}
    writers.get(kind, HOUSES.write_ipc_stream)(out)  # type: ignore[operator]
    return out.getvalue()


def stream_of(table: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    table.write_ipc_stream(out)
    return out.getvalue()


def table_of(kind: str, body: bytes) -> pl.DataFrame:
    readers = {CSV: pl.read_csv, JSON_LINES: pl.read_ndjson}
    found: pl.DataFrame = readers.get(kind, pl.read_ipc_stream)(io.BytesIO(body))  # type: ignore[operator]
    return found


@pytest.mark.parametrize("out", [None, CSV, JSON_LINES, ARROW])
@pytest.mark.parametrize("into", [CSV, JSON_LINES, PARQUET, ARROW])
def test_every_format_comes_in_and_every_one_that_streams_goes_out(ask_table: Ask, into: str, out: str | None) -> None:
    accept = {"Accept": out} if out else {}
    answer = ask_table("POST", URL, body_of(into), {"Content-Type": into, **accept})
    assert answer.status == 200, answer.body
    kind = out or (ARROW if into == PARQUET else into)
    assert answer.headers["content-type"].partition(";")[0] == kind
    assert answer.headers["x-carafe-model"] == "houses@1"
    found = table_of(kind, answer.body)
    assert found.columns == ["id", "area", "bedrooms", "prediction", "error"]
    assert found.drop("prediction", "error").rows() == HOUSES.rows()
    assert found["prediction"].to_list() == PRICES
    assert found["error"].null_count() == 2


def test_a_record_that_does_not_fit_has_the_reason_in_its_place(ask_table: Ask) -> None:
    body = "area,bedrooms\n100,2\nlarge,2.5\n50\n50,1\n"
    answer = ask_table("POST", URL, body, {"Content-Type": CSV})
    assert answer.body.decode().splitlines() == [
        "area,bedrooms,prediction,error",
        "100,2,12000.0,",
        ',,,"line 3, area: got ""large"", expected a number; '
        'bedrooms: got ""2.5"", expected a whole number between -2^53 and 2^53 or null"'.replace('""2.5""', "2.5"),
        ',,,"line 4, record: got 1 field, expected 2, as in the header"',
        "50,1,6000.0,",
    ]
    lines = """{"area": 1, "bedrooms": 1, "x": {"y": 1}}
{

{"area": 2, "bedrooms": "1", "x": 1}
{"area": 3, "bedrooms": 1, "x": 0}"""
    answer = ask_table("POST", URL, lines, {"Content-Type": JSON_LINES})
    found = [json.loads(line) for line in answer.body.splitlines()]
    assert [one.get("prediction") for one in found] == [1100.0, None, None, 1300.0]
    assert found[0]["x"] == {"y": 1}
    assert found[0]["error"] is None
    assert found[1]["error"].startswith("line 2, record: got a line that can't be read")
    assert found[2]["error"].startswith('line 4, bedrooms: got "1", expected a whole number')


def test_a_carriage_return_between_two_fields_moves_no_record(ask_table: Ask) -> None:
    lines = b'{"area":100,\r"bedrooms":2}\n{"area":50.5,"bedrooms":1}\r\n{"area":"x","bedrooms":1}\n'
    answer = ask_table("POST", URL, lines, {"Content-Type": JSON_LINES})
    found = [json.loads(line) for line in answer.body.split(b"\n")[:-1]]
    assert [one.get("prediction") for one in found] == [12000.0, 6050.0, None]
    assert found[2]["error"].startswith('line 3, area: got "x"')


def test_a_table_in_which_nothing_fits_is_answered_all_the_same(ask_table: Ask) -> None:
    for kind, body in ((CSV, "area,bedrooms\nx,1\n"), (JSON_LINES, '{"area": "x", "bedrooms": 1}')):
        answer = ask_table("POST", URL, body, {"Content-Type": kind})
        assert answer.status == 200
        assert answer.body.count(b"expected a number") == 1
    answer = ask_table("POST", URL, "area,bedrooms\n", {"Content-Type": CSV})
    assert (answer.status, answer.body) == (200, b"area,bedrooms,prediction,error\n")


def test_versions_aliases_probabilities_and_names_are_as_asked_for(ask_table: Ask, house: House) -> None:
    publish_rule(house.service.registry, "houses", "cheap houses")
    body = body_of(CSV)
    answer = ask_table(
        "POST", "/models/houses/versions/2/score?keep=none&prediction=price", body, {"Content-Type": CSV}
    )
    assert answer.body == b"price,error\n6000.0,\n3525.0,\n"
    answer = ask_table("POST", "/models/houses/aliases/champion/score?keep=none", body, {"Content-Type": CSV})
    assert answer.body == b"prediction,error\n12000.0,\n7050.0,\n"
    flowers = b"sepal length,sepal width,petal length,petal width\n1,1,1,1\n"
    answer = ask_table("POST", "/models/iris/score?probabilities&keep=none", flowers, {"Content-Type": CSV})
    header, row = answer.body.decode().splitlines()
    assert header == "prediction,probability_setosa,probability_versicolor,probability_virginica,error"
    assert row.split(",")[0] == "setosa"
    assert [float(chance) for chance in row.split(",")[1:4]] == pytest.approx([0.8, 0.1, 0.1])


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "slug"),
    [
        (URL, "area\n1\n", {"Content-Type": CSV}, 422, "invalid-input"),
        (URL, "", {"Content-Type": CSV}, 422, "unreadable-table"),
        (URL, b"\xff\xfe\x00", {"Content-Type": CSV}, 422, "unreadable-table"),
        (URL, "nonsense", {"Content-Type": PARQUET}, 422, "unreadable-table"),
        (URL, "nonsense", {"Content-Type": ARROW}, 422, "unreadable-table"),
        (URL, "nonsense", {"Content-Type": JSON_LINES}, 422, "unreadable-table"),
        (URL, "{}", {"Content-Type": "application/json"}, 415, "unsupported-media-type"),
        (URL, "area,bedrooms\n", {"Content-Type": CSV, "Content-Encoding": "gzip"}, 415, "unsupported-media-type"),
        (URL, "area,bedrooms\n", {"Content-Type": CSV, "Accept": PARQUET}, 406, "not-acceptable"),
        (f"{URL}?keep=some", "area,bedrooms\n", {"Content-Type": CSV}, 400, "invalid-parameter"),
        (f"{URL}?rows=1", "area,bedrooms\n", {"Content-Type": CSV}, 400, "invalid-parameter"),
        (f"{URL}?probabilities", "area,bedrooms\n", {"Content-Type": CSV}, 400, "invalid-parameter"),
        (URL, "area,bedrooms,error\n1,1,1\n", {"Content-Type": CSV}, 400, "invalid-parameter"),
        (URL, "area,bedrooms,prediction\n1,1,1\n", {"Content-Type": CSV}, 400, "invalid-parameter"),
        ("/models/nothing/score", "area\n", {"Content-Type": CSV}, 404, "model-not-found"),
        ("/models/broken/score", "area,bedrooms\n1,1\n", {"Content-Type": CSV}, 500, "prediction-failed"),
        ("/models/broken/score", '{"area":1,"bedrooms":1}', {"Content-Type": JSON_LINES}, 500, "prediction-failed"),
        ("/models/broken/score", stream_of(HOUSES), {"Content-Type": ARROW}, 500, "prediction-failed"),
    ],
)
def test_what_is_wrong_with_the_whole_is_a_problem_document(
    ask_table: Ask, path: str, body: str | bytes, headers: dict[str, str], status: int, slug: str
) -> None:
    answer = ask_table("POST", path, body, headers)
    assert (answer.status, answer.json["type"]) == (status, f"urn:carafe:problem:{slug}")


@pytest.mark.parametrize("body", [b"area,bedrooms\n1,\xff\n", b'area,bedrooms\n1,"2"x\n'])
def test_no_client_is_told_to_set_an_option_of_the_command(ask_table: Ask, body: bytes) -> None:
    answer = ask_table("POST", URL, body, {"Content-Type": CSV})
    assert (answer.status, b"the body, " in answer.body, b"--" in answer.body) == (422, True, False)


def test_a_table_that_would_end_the_process_that_reads_it_is_refused(house: House) -> None:
    answer = house.ask("POST", URL, promising(), {"Content-Type": ARROW})
    assert (answer.status, answer.json["type"]) == (422, "urn:carafe:problem:unreadable-table")
    assert house.ask("POST", URL, body_of(ARROW), {"Content-Type": ARROW}).status == 200


def test_samples_of_a_table_name_the_request_they_came_from() -> None:
    class Listener(Observer):
        def answered(self, event: Answered) -> None:
            asked.append(event.request.id)

    asked: list[str] = []
    house = build_house(observers=[Listener()])
    publish_rule(house.service.registry, "houses", "houses")
    answer = house.ask("POST", URL, body_of(CSV), {"Content-Type": CSV, "X-Request-Id": "table-7"})
    house.service.close()
    assert (answer.status, asked) == (200, ["table-7"])


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "BATCH_ROWS", 2)
    monkeypatch.setattr(delimited, "_LEAST_BYTES", 1)


@pytest.mark.usefixtures("small_blocks")
def test_a_table_that_breaks_in_the_middle_says_so_at_its_end_and_breaks_the_connection(house: House) -> None:
    body = "area,bedrooms\n" + "100,2\n" * 50 + '100,"2"x\n' + "100,2\n" * 50
    told: list[bytes] = []
    response = house.app.test_client().open(
        URL,
        method="POST",
        data=body,
        headers=house._headers(body, {"Content-Type": CSV}),  # noqa: SLF001
    )
    with pytest.raises(Broken, match="line 52: a field that begins with a quote"):
        told.extend(response.iter_encoded())
    lines = b"".join(told).decode().splitlines()
    assert lines[0] == "area,bedrooms,prediction,error"
    assert set(lines[1:-1]) == {"100,2,12000.0,"}
    assert ',,,"broken off here: ' in lines[-1]
    assert "line 52" in lines[-1]


def test_a_table_larger_than_the_limit_is_refused() -> None:
    small = build_house(max_table_bytes=1000)
    publish_rule(small.service.registry, "houses", "houses")
    answer = small.ask("POST", URL, "area,bedrooms\n" + "1,1\n" * 500, {"Content-Type": CSV})
    assert (answer.status, answer.json["title"]) == (413, "The body is too large")
    assert small.ask("POST", URL, "area,bedrooms\n" + "1,1\n" * 200, {"Content-Type": CSV}).status == 200
    small.service.close()


class Finishes(Observer):
    """Remembers the requests that were answered."""

    def __init__(self) -> None:
        self.events: list[Finished] = []

    def finished(self, event: Finished) -> None:
        self.events.append(event)


@pytest.mark.usefixtures("small_blocks")
def test_observers_are_told_that_a_table_broke_off_and_of_one_that_did_not() -> None:
    heard = Finishes()
    house = build_house(observers=[heard])
    publish_rule(house.service.registry, "houses", "houses")
    for body in (
        "area,bedrooms\n" + "100,2\n" * 50 + '100,"2"x\n' + "100,2\n" * 50,
        "area,bedrooms\n" + "100,2\n" * 50,
    ):
        headers = house._headers(body, {"Content-Type": CSV})  # noqa: SLF001
        response = house.app.test_client().open(URL, method="POST", data=body, headers=headers)
        with contextlib.suppress(Broken):
            list(response.iter_encoded())
    house.ask("POST", "/models/houses/predict", '{"area": 1, "bedrooms": 1}')
    house.service.close()
    told = [(event.status, event.slug, event.protocol) for event in heard.events]
    assert told == [(200, "unreadable-table", "table"), (200, None, "table"), (200, None, "native")]


@pytest.mark.parametrize("threads", [1, 4, 8])
def test_tables_leave_threads_to_others_and_their_places_come_back(threads: int) -> None:
    house, places = build_house(threads=threads), max(1, threads // 4)
    publish_rule(house.service.registry, "houses", "houses")

    def begin() -> TestResponse:
        headers = house._headers("x", {"Content-Type": CSV})  # noqa: SLF001
        return house.app.test_client().open(URL, method="POST", data=body_of(CSV), headers=headers)

    begun = [begin() for _ in range(places)]
    refused = house.ask("POST", URL, body_of(CSV), {"Content-Type": CSV})
    assert (refused.status, refused.headers["retry-after"]) == (503, "1")
    assert f"while {places} are being scored" in refused.json["detail"]
    assert house.ask("POST", "/models/houses/predict", '{"area": 1, "bedrooms": 1}').status == 200
    begun.pop().close()  # the client went away
    assert house.ask("POST", URL, "nonsense", {"Content-Type": PARQUET}).status == 422
    finished = begin()
    assert finished.data.startswith(b"id,area,bedrooms,prediction,error")
    assert begin().status_code == 200
    del begun
    house.service.close()
