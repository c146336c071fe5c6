from __future__ import annotations

from dataclasses import replace
from threading import Thread
from typing import Any

import pytest

from carafe.errors import CorruptArtefact, ModelTooLarge, StorageUnavailable
from carafe.monitoring.rollout_counts import MOST_UNLOADABLE, RolloutCounts
from carafe.registry.metadata_memory import MemoryMetadata
from carafe.registry.rollout import Rollout
from carafe.registry.rollout_figures import Counts, Seen, bucket_of
from carafe.schema import ModelRef
from carafe.serving.loading import RETRY_SECONDS
from carafe.testing.metadata_rollouts import begin, ready
from monitoring.events import finished, served


@pytest.fixture
def rollout() -> Rollout:
    return begin(ready(MemoryMetadata))


def seen(counts: RolloutCounts) -> Seen:
    (step,) = counts.steps()
    return counts.seen(step)


def tell(counts: RolloutCounts, number: int, **changes: Any) -> None:  # noqa: ANN401 - fields of any type
    counts.finished(finished(served=served(number=number), path="/models/houses/predict", **changes))


def test_what_came_of_each_request_is_counted_by_version(rollout: Rollout) -> None:
    counts = RolloutCounts()
    counts.watch([rollout])
    tell(counts, 1, seconds=0.003)
    tell(counts, 2, seconds=0.05)
    for status, slug in (
        (500, "prediction-failed"),
        (500, "internal-error"),
        (503, "corrupt-artefact"),
        (422, "invalid-input"),
        (400, "invalid-parameter"),
        (503, "server-busy"),
        (504, "deadline-exceeded"),
        (400, "malformed-body"),
        (413, "body-too-large"),
    ):
        tell(counts, 2, status=status, slug=slug)
    candidate = Counts(answered=1, failed=3, refused=2, turned_away=2, durations={bucket_of(0.05): 1})
    assert seen(counts) == Seen(stable=Counts(answered=1, durations={bucket_of(0.003): 1}), candidate=candidate)


@pytest.mark.parametrize(
    ("changes", "counted"),
    [
        ({}, True),
        ({"route": "/predict", "path": "/predict"}, True),
        ({"asked": ModelRef.parse("houses@champion")}, True),
        ({"asked": ModelRef(name="houses")}, True),
        ({"asked": ModelRef.parse("houses@blue")}, False),
        ({"route": "/predict", "path": "/predict", "asked": ModelRef.parse("houses@blue")}, False),
        ({"asked": ModelRef.parse("houses@2")}, False),
        ({"asked": None}, False),
        ({"served": served("iris", 2)}, False),
        ({"served": served("houses", 3)}, False),
        ({"served": None}, False),
    ],
)
def test_only_predictions_that_were_asked_of_the_alias_count(
    rollout: Rollout,
    changes: dict[str, Any],
    counted: bool,  # noqa: FBT001 - a table's column
) -> None:
    counts = RolloutCounts()
    counts.watch([rollout])
    counts.finished(finished(**{"served": served(number=2), "path": "/models/houses/predict"} | changes))
    assert seen(counts).candidate.requests == int(counted)


def test_nothing_is_counted_where_no_rollout_is_active(rollout: Rollout) -> None:
    counts = RolloutCounts()
    tell(counts, 2)
    counts.watch([rollout])
    assert seen(counts) == Seen()
    counts.watch([])
    tell(counts, 2)
    assert counts.steps() == ()


def test_a_step_keeps_its_counts_and_the_next_one_begins_at_nothing(rollout: Rollout) -> None:
    counts = RolloutCounts()
    counts.watch([rollout])
    tell(counts, 2)
    counts.watch([rollout])
    assert seen(counts).candidate.answered == 1
    (first,) = counts.steps()
    counts.watch([replace(rollout, step=1)])
    tell(counts, 2)
    tell(counts, 2)
    assert (seen(counts).candidate.answered, counts.seen(first).candidate.answered) == (2, 1)


def test_two_aliases_of_a_model_are_told_apart(rollout: Rollout) -> None:
    counts = RolloutCounts()
    counts.watch([rollout, replace(rollout, id=2, alias="blue", stable=2, candidate=1)])
    tell(counts, 2)
    tell(counts, 2, asked=ModelRef.parse("houses@blue"))
    champion, blue = (counts.seen(step) for step in counts.steps())
    assert (champion.candidate.answered, champion.stable.answered) == (1, 0)
    assert (blue.candidate.answered, blue.stable.answered) == (0, 1)


def test_a_candidate_that_fails_again_and_again_raises_the_alarm_and_a_stable_version_does_not(
    rollout: Rollout,
) -> None:
    alarms: list[int] = []
    counts = RolloutCounts(alarm=lambda: alarms.append(1))
    counts.watch([rollout])
    for _ in range(9):
        tell(counts, 1, status=500, slug="prediction-failed")
    for _ in range(2):
        tell(counts, 2, status=500, slug="prediction-failed")
    assert alarms == []
    tell(counts, 2, status=500, slug="prediction-failed")
    assert alarms == [1]


def test_a_candidate_that_can_not_be_loaded_is_told_without_a_path_until_it_can_be(rollout: Rollout) -> None:
    counts = RolloutCounts()
    counts.load_failed("houses", 2, CorruptArtefact("/secret/place: torn"))  # before the rollout is known here
    counts.watch([rollout])
    assert seen(counts).unloadable == "The stored model is damaged or was changed (corrupt-artefact)"
    counts.loaded(served(number=2), 0.1)
    assert not seen(counts).unloadable
    counts.load_failed("houses", 2, StorageUnavailable("the store does not answer"))
    assert not seen(counts).unloadable


def test_a_load_that_failed_before_a_step_counts_only_while_it_would_not_be_tried_again(rollout: Rollout) -> None:
    now = 1000.0
    counts = RolloutCounts(clock=lambda: now)
    counts.load_failed("houses", 2, CorruptArtefact("torn"))
    now += RETRY_SECONDS
    counts.watch([rollout])
    assert seen(counts).unloadable
    now += 60
    counts.watch([rollout])
    assert seen(counts).unloadable  # it was in this step's time
    counts.watch([replace(rollout, id=2)])  # the files were mended, and the version is tried anew
    assert not seen(counts).unloadable
    counts.load_failed("houses", 2, CorruptArtefact("torn"))
    assert seen(counts).unloadable


def test_of_many_versions_that_can_not_be_loaded_the_latest_are_known(rollout: Rollout) -> None:
    counts = RolloutCounts()
    counts.watch([rollout])
    for number in range(MOST_UNLOADABLE):
        counts.load_failed("others", number, CorruptArtefact("torn"))
    counts.load_failed("houses", 2, CorruptArtefact("torn"))
    assert seen(counts).unloadable
    for number in range(MOST_UNLOADABLE):
        counts.load_failed("others", number, CorruptArtefact("torn"))
    assert not seen(counts).unloadable


def test_threads_that_count_at_once_lose_nothing(rollout: Rollout) -> None:
    counts = RolloutCounts()
    counts.watch([rollout])

    def many() -> None:
        for _ in range(500):
            tell(counts, 2)

    threads = [Thread(target=many) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen(counts).candidate.answered == 4000


def test_what_does_not_fit_beside_the_others_of_an_alias_counts_for_the_rollout_of_that_alias_alone(
    rollout: Rollout,
) -> None:
    counts = RolloutCounts()
    counts.watch([rollout, replace(rollout, id=2, alias="blue")])

    def told() -> list[str]:
        return [counts.seen(step).unloadable for step in counts.steps()]

    counts.misfit(ModelRef.parse("houses@staging"), 2, ModelTooLarge("too large together"))
    counts.misfit(ModelRef.parse("houses@champion"), 3, ModelTooLarge("too large together"))
    assert told() == ["", ""]
    counts.misfit(ModelRef.parse("houses@blue"), 2, ModelTooLarge("too large together"))
    assert told() == ["", "too large together"]
    counts.loaded(served(number=2), 0.1)  # for another alias, beside which it fits
    assert told() == ["", "too large together"]
    counts.fits(ModelRef.parse("houses@staging"))
    assert told() == ["", "too large together"]
    counts.fits(ModelRef.parse("houses@blue"))
    assert told() == ["", ""]
