from __future__ import annotations

from threading import Thread

import pytest

from carafe.monitoring import figures, shadow_counts
from carafe.monitoring.metrics import Metrics
from carafe.monitoring.snapshot import Snapshot, merged
from carafe.serving import Outcome, Shadowed
from carafe.serving.difference import RELATIVE, Difference

BUCKETS = (1, *[0] * (len(RELATIVE) - 1), 1)
DIFFERENCE = Difference(rows=2, different=1, measured=2, total=8.0, largest=8.0, relative=BUCKETS, relative_total=1.5)


def event(outcome: Outcome = Outcome.COMPARED, *, shadow: int = 2, difference: Difference | None = None) -> Shadowed:
    return Shadowed(name="houses", version=1, shadow=shadow, outcome=outcome, seconds=0.01, difference=difference)


def counted(*events: Shadowed, worker: str = "1") -> Snapshot:
    metrics = Metrics()
    for one in events:
        metrics.shadowed(one)
    return metrics.snapshot(worker=worker)


def test_what_comes_of_requests_is_counted_by_version_and_shadow() -> None:
    snapshot = counted(
        event(difference=DIFFERENCE),
        event(Outcome.REFUSED),
        event(Outcome.FAILED),
        event(Outcome.DROPPED),
        event(Outcome.DROPPED, shadow=3),
    )
    two, three = shadow_counts(snapshot, name="houses")
    assert (two.version, two.shadow, two.asked) == (1, 2, 4)
    assert (two.compared, two.refused, two.failed, two.dropped) == (1, 1, 1, 1)
    assert (two.rows, two.different, two.mean_difference, two.largest_difference) == (2, 1, 4.0, 8.0)
    assert two.seconds == pytest.approx(0.01)
    assert (three.asked, three.dropped, three.mean_difference, three.largest_difference) == (1, 1, None, None)
    assert three.seconds is None
    assert shadow_counts(snapshot, name="flowers") == ()


def test_labels_have_no_relative_differences() -> None:
    snapshot = counted(event(difference=Difference(rows=3, different=1)))
    assert shadow_counts(snapshot, name="houses")[0].different == 1
    told = {name for name, _ in snapshot.spreads}
    assert figures.SHADOW_SECONDS.name in told
    assert not told & {figures.SHADOW_RELATIVE.name, figures.SHADOW_ABSOLUTE.name}


def test_workers_are_added_up_and_the_largest_difference_is_that_of_all() -> None:
    larger = Difference(rows=1, different=1, measured=1, total=20.0, largest=20.0, relative=BUCKETS)
    both = merged([counted(event(difference=DIFFERENCE)), counted(event(difference=larger), worker="2")], worker="1")
    (found,) = shadow_counts(both, name="houses")
    assert (found.asked, found.rows, found.largest_difference) == (2, 3, 20.0)
    assert found.mean_difference == pytest.approx(28 / 3)


def test_threads_count_side_by_side_and_a_forked_child_begins_at_nothing() -> None:
    metrics = Metrics()

    def count() -> None:
        for _ in range(500):
            metrics.shadowed(event())

    threads = [Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shadow_counts(metrics.snapshot(worker="1"), name="houses")[0].compared == 2000
    metrics.begin_anew()
    assert shadow_counts(metrics.snapshot(worker="1"), name="houses") == ()
