from __future__ import annotations

import subprocess

import pytest
from prometheus_client.parser import text_string_to_metric_families

from carafe.monitoring.exposition import expose
from carafe.monitoring.figures import FIGURES, ROLLOUT_PERCENT, Kind
from carafe.monitoring.metrics import Metrics
from carafe.monitoring.process import add_use
from carafe.monitoring.snapshot import Snapshot
from carafe.serving import Looked, Outcome, Run, Shadowed
from carafe.serving.difference import Difference
from monitoring.events import finished, served


def filled() -> Snapshot:
    """Return a snapshot with at least one series of every figure."""
    counted = Metrics()
    version = served()
    counted.loaded(version, 0.5)
    counted.finished(finished(served=version, rows=2))
    counted.finished(finished(status=404, slug="not-found", route=None))
    counted.ran(Run(name="houses", number=1, requests=1, rows=1, waiting=0, waited=0.0, seconds=0.01))
    counted.looked(Looked(name="houses", number=1, hits=1, misses=1))
    difference = Difference(rows=1, different=1, measured=1, total=1.0, largest=1.0, relative=(0,) * 9 + (1,))
    counted.shadowed(
        Shadowed(name="houses", version=1, shadow=2, outcome=Outcome.COMPARED, seconds=0.01, difference=difference)
    )
    for figure in FIGURES:
        if figure.kind is Kind.COUNTER:
            counted.count(figure, tuple("1" if label == "version" else "houses" for label in figure.labels))
    snapshot = counted.snapshot(worker="1")
    snapshot.gauge(ROLLOUT_PERCENT, ("houses", "champion", "2"), 5.0)
    add_use(snapshot)
    return snapshot


def test_every_figure_is_told_with_its_meaning_and_labels() -> None:
    families = {family.name: family for family in text_string_to_metric_families(expose(filled()).decode())}
    assert len(families) == len(FIGURES)
    for figure in FIGURES:
        family = families[figure.name.removesuffix("_total")]
        assert (family.type, family.documentation) == (figure.kind.value, figure.about)
        assert family.samples, figure.name
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(figure.labels), figure.name


@pytest.mark.needs("prometheus")
def test_prometheus_itself_finds_nothing_to_say() -> None:
    done = subprocess.run(["promtool", "check", "metrics"], input=expose(filled()), capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_histograms_buckets_add_up_to_its_count() -> None:
    counted = Metrics()
    for seconds in (0.00001, 0.0002, 0.0002, 3.0, 60.0):
        counted.finished(finished(served=served(), seconds=seconds))
    text = expose(counted.snapshot(worker="1")).decode()
    (family,) = (
        family
        for family in text_string_to_metric_families(text)
        if family.name == "carafe_model_request_duration_seconds"
    )
    buckets = {sample.labels["le"]: sample.value for sample in family.samples if sample.name.endswith("_bucket")}
    assert [buckets[bound] for bound in ("5e-05", "0.0001", "0.00025", "2.5", "5.0", "10.0", "+Inf")] == [
        *(1, 1, 3),
        *(3, 4, 4),
        5,
    ]
    assert next(sample.value for sample in family.samples if sample.name.endswith("_count")) == 5
    total = next(sample.value for sample in family.samples if sample.name.endswith("_sum"))
    assert total == pytest.approx(63.00041)


def test_who_may_not_see_a_model_sees_none_of_its_series() -> None:
    counted = Metrics()
    for name in ("houses", "secret"):
        counted.finished(finished(served=served(name), status=500, slug="prediction-failed"))
        counted.loaded(served(name), 0.1)
    text = expose(counted.snapshot(worker="1"), may_see=lambda name: name != "secret").decode()
    assert 'model="houses"' in text
    assert "secret" not in text
    assert 'carafe_http_requests_total{method="POST",route="/models/<name>/predict",status="500"} 2.0' in text


def test_label_values_are_escaped() -> None:
    counted = Metrics()
    version = served('a"b\\c\nd')
    counted.finished(finished(served=version))
    (sample,) = (
        sample
        for family in text_string_to_metric_families(expose(counted.snapshot(worker="1")).decode())
        for sample in family.samples
        if sample.name == "carafe_model_requests_total"
    )
    assert sample.labels["model"] == 'a"b\\c\nd'
