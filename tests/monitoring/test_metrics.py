from __future__ import annotations

import subprocess
import sys

import pytest

from carafe.errors import CorruptArtefact, PredictionFailed, ServerBusy
from carafe.monitoring import metrics
from carafe.monitoring.figures import OTHERS
from carafe.monitoring.metrics import Metrics
from carafe.monitoring.snapshot import Snapshot
from carafe.schema import Column, Kind
from carafe.serving import Looked, Run
from monitoring.events import PREDICT, answered, finished, served
from served import HOUSES


@pytest.fixture
def counted() -> Metrics:
    return Metrics()


def told(counted: Metrics) -> Snapshot:
    return counted.snapshot(worker="1")


def test_a_request_is_counted_by_model_version_protocol_and_status(counted: Metrics) -> None:
    for status, slug in ((200, None), (200, None), (422, "invalid-input")):
        counted.finished(finished(served=served(), rows=3, status=status, slug=slug, seconds=0.0003))
    counters = told(counted).counters
    version = ("houses", "1")
    assert counters["carafe_model_requests_total", (*version, "native", "200")] == 2
    assert counters["carafe_model_requests_total", (*version, "native", "422")] == 1
    assert counters["carafe_rows_total", (*version, "native")] == 9
    assert counters["carafe_errors_total", ("invalid-input", *version)] == 1
    assert counters["carafe_http_requests_total", ("POST", PREDICT, "200")] == 2


def test_durations_fall_into_their_buckets_whatever_the_status(counted: Metrics) -> None:
    for seconds in (0.00004, 0.00005, 0.00006, 20.0):
        counted.finished(finished(served=served(), seconds=seconds, status=200 if seconds < 1 else 500))
    total, *buckets = told(counted).spreads["carafe_model_request_duration_seconds", ("houses", "1", "native")]
    assert total == pytest.approx(20.00015)
    assert (buckets[0], buckets[1], buckets[-1]) == (2, 1, 1)
    assert sum(buckets) == 4


def test_a_request_that_reached_no_model_is_counted_all_the_same(counted: Metrics) -> None:
    counted.finished(finished(route="/models", method="GET", rows=0))
    counters = told(counted).counters
    assert counters == {("carafe_http_requests_total", ("GET", "/models", "200")): 1}


def test_a_client_makes_up_no_label_values(counted: Metrics) -> None:
    for number in range(50):
        counted.finished(finished(route=None, method=f"BREW{number}", status=404, slug="not-found", path=f"/{number}"))
        counted.finished(finished(method=f"BREW{number}", status=405, slug="method-not-allowed"))
    assert told(counted).counters == {
        ("carafe_http_requests_total", (OTHERS, OTHERS, "404")): 50,
        ("carafe_http_requests_total", (OTHERS, PREDICT, "405")): 50,
        ("carafe_errors_total", ("not-found", "", "")): 50,
        ("carafe_errors_total", ("method-not-allowed", "", "")): 50,
    }


def test_what_is_rare_is_bounded_too(counted: Metrics, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "MOST_SERIES", 2)
    for number in range(1, 6):
        counted.load_failed("houses", number, CorruptArtefact("digest differs"))
    name = "carafe_version_load_failures_total"
    assert told(counted).counters == {
        (name, ("houses", "1", "corrupt-artefact")): 1,
        (name, ("houses", "2", "corrupt-artefact")): 1,
        (name, (OTHERS, OTHERS, OTHERS)): 3,
    }
    for number in range(1, 6):
        counted.loaded(served(number=number), 0.5)
    name = "carafe_version_load_seconds"
    assert told(counted).spreads == {
        (name, ("houses", "1")): [0.5, 1],
        (name, ("houses", "2")): [0.5, 1],
        (name, (OTHERS, OTHERS)): [1.5, 3],
    }


def test_runs_tell_of_batches_waits_and_the_queue(counted: Metrics) -> None:
    counted.loaded(served("knn", number=3), 0.1)
    for waiting in (5, 2):
        counted.ran(Run(name="knn", number=3, requests=4, rows=10, waiting=waiting, waited=0.002, seconds=0.01))
    snapshot = told(counted)
    version = ("knn", "3")
    assert snapshot.gauges["carafe_queue_requests", version] == 2
    for name, total in (("requests", 8), ("rows", 20), ("wait_seconds", 0.004)):
        numbers = snapshot.spreads[f"carafe_batch_{name}", version]
        assert (numbers[0], sum(numbers[1:])) == (total, 2)


def test_hits_and_misses_of_the_cache_are_rows(counted: Metrics) -> None:
    counted.looked(Looked(name="houses", number=1, hits=3, misses=1))
    counted.looked(Looked(name="houses", number=1, hits=2, misses=0))
    counted.cache_lost(OSError())
    counters = told(counted).counters
    assert counters["carafe_cache_rows_total", ("houses", "1", "hit")] == 5
    assert counters["carafe_cache_rows_total", ("houses", "1", "miss")] == 1
    assert counters["carafe_cache_lost_total", ()] == 1


def test_unseen_categories_are_counted_by_column(counted: Metrics) -> None:
    columns = tuple(Column(name=name, kind=Kind.CATEGORY, categories=("a", "b"), nullable=True) for name in "xy")
    signature = type(HOUSES)(columns=columns, target=HOUSES.target)
    counted.met_unseen(answered([["c", "a"], ["d", None], ["a", "e"]], signature=signature))
    assert told(counted).counters == {
        ("carafe_unseen_categories_total", ("houses", "1", "x")): 2,
        ("carafe_unseen_categories_total", ("houses", "1", "y")): 1,
    }


def test_versions_come_and_go(counted: Metrics) -> None:
    old, new = served(), served(number=2)
    counted.loaded(old, 0.5)
    counted.loaded(new, 0.25)
    counted.swapped("houses@champion", old, new)
    counted.dropped(old)
    snapshot = told(counted)
    assert snapshot.gauges["carafe_loaded_versions", ("houses", "2")] == 1
    assert ("carafe_loaded_versions", ("houses", "1")) not in snapshot.gauges
    counted.ran(Run(name="houses", number=1, requests=1, rows=1, waiting=3, waited=0.0, seconds=0.1))
    assert ("carafe_queue_requests", ("houses", "1")) not in told(counted).gauges
    assert snapshot.spreads["carafe_version_load_seconds", ("houses", "1")] == [0.5, 1]
    assert snapshot.counters["carafe_alias_swaps_total", ("houses", "champion")] == 1


def test_failures_and_refusals_are_counted(counted: Metrics) -> None:
    counted.failed(served(), PredictionFailed("division by zero"))
    counted.turned_away("houses", 1, ServerBusy("too many wait"))
    counters = told(counted).counters
    assert counters["carafe_model_failures_total", ("houses", "1")] == 1
    assert counters["carafe_turned_away_total", ("houses", "1")] == 1


FORKING = """
import os
from carafe.monitoring.metrics import Metrics
from monitoring.events import finished, served
metrics = Metrics()
metrics.loaded(served(), 0.5)
metrics.finished(finished())
child = os.fork()
if child == 0:
    metrics.finished(finished())
    metrics.finished(finished())
snapshot = metrics.snapshot(worker="1")
loaded = snapshot.gauges["carafe_loaded_versions", ("houses", "1")]
print(sum(snapshot.counters.values()), len(snapshot.spreads), loaded, flush=True)
if child == 0:
    os._exit(0)  # not through the ends of libraries whose threads are the parent's
os.waitpid(child, 0)
"""


def test_a_forked_process_counts_from_nothing_but_knows_what_is_loaded() -> None:
    path = ":".join(sys.path)
    done = subprocess.run(
        [sys.executable, "-c", FORKING], capture_output=True, text=True, check=True, env={"PYTHONPATH": path}
    )
    assert sorted(done.stdout.split("\n")[:2]) == ["1 1 1", "2 0 1"]
