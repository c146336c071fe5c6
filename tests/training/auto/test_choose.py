from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest

from carafe.errors import TrainingFailed
from carafe.training.auto import choose as choosing
from carafe.training.auto import compare
from carafe.training.auto.budget import Budget, Cost, measured, start_budget
from carafe.training.auto.choose import Comparison, choose
from carafe.training.auto.compare import Arena, Trial, try_entry
from carafe.training.auto.portfolio import Entry, Portfolio
from carafe.training.decisions import signature_for
from carafe.training.fit import Choice, Fitted, fit
from carafe.training.labelled import Labelled, labelled
from carafe.training.progress import Step, silent
from carafe.training.recipe import Recipe, SplitMethod
from carafe.training.recipe.changes import Changes, changed
from carafe.training.run import plan_run, train
from small_tables import flats, recipe

RIDGE = Entry(label="ridge", algorithm="ridge")
TREE = Entry(label="tree", algorithm="tree")


def clock(step: float) -> Callable[[], float]:
    """Return a clock that is ``step`` seconds later whenever someone looks at it."""
    moments: Iterator[float] = itertools.count(0.0, step)
    return lambda: next(moments)


def arena(seconds: float = 1e6, *, step: float = 0.0001, rows: int = 120, chosen: Recipe | None = None) -> Arena:
    frame, used = flats(rows), chosen or recipe("rent")
    study, split, plan = plan_run(frame, recipe=used)
    training = study.typed[split.train]
    data = labelled(training, signature_for(study, training, plan.recipe))
    return choosing._arena(training, data, plan.recipe, start_budget(seconds, clock(step)))  # noqa: SLF001


def compared(*entries: Entry, seconds: float = 1e6, step: float = 0.0001, target: str = "rent") -> Comparison:
    """Compare some candidates on flats."""
    frame = flats()
    study, split, plan = plan_run(frame, recipe=recipe(target))
    training = study.typed[split.train]
    data = labelled(training, signature_for(study, training, plan.recipe))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choosing, "portfolio", lambda _setting: Portfolio(candidates=entries))
        budget = start_budget(seconds, clock(step))
        return choose(training, data, recipe=plan.recipe, budget=budget, progress=silent)


def test_the_best_mean_over_the_folds_wins_and_the_reason_names_the_runner_up() -> None:
    found = compared(TREE, RIDGE)
    assert found.choice.algorithm == "ridge"
    winner = next(candidate for candidate in found.candidates if candidate.chosen)
    assert winner.reason.startswith("lowest mean rmse of 10 folds, ")
    assert "runner-up tree, behind by" in winner.reason
    assert [candidate.algorithm for candidate in found.candidates] == ["baseline", "tree", "ridge"]


def test_a_difference_within_its_own_noise_is_called_that() -> None:
    knn = (Entry(label=f"knn {count}", algorithm="knn", params={"n_neighbors": count}) for count in (11, 12))
    found = compared(*knn)
    baseline, *others = found.candidates
    loser = next(candidate for candidate in others if not candidate.chosen)
    assert loser.reason.endswith("on the same folds, within noise")
    assert not baseline.reason.endswith("within noise")


def test_a_candidate_that_is_clearly_behind_stops_early() -> None:
    stump = Entry(label="stump", algorithm="tree", params={"max_depth": 1})
    stopped = compared(RIDGE, stump).candidates[-1]
    assert stopped.reason == "stopped after 1 of 10 folds, clearly behind ridge"
    assert stopped.score is None


def test_a_candidate_that_fails_loses_and_says_why() -> None:
    broken = Entry(label="broken", algorithm="forest", params={"n_estimators": -1})
    found = compared(RIDGE, broken)
    assert found.choice.algorithm == "ridge"
    assert found.candidates[-1].reason.startswith("failed: forest failed on these rows")


def test_when_all_fail_the_run_fails_with_each_reason() -> None:
    broken = Entry(label="broken", algorithm="forest", params={"n_estimators": -1})
    with pytest.raises(TrainingFailed, match=r"every algorithm failed: broken failed: forest failed"):
        compared(broken)


def test_a_spent_budget_still_tries_the_first_candidate_and_names_those_it_did_not() -> None:
    found = compared(RIDGE, TREE, seconds=1.0, step=10.0)
    assert found.choice.algorithm == "ridge"
    assert found.candidates[-1].reason == "not tried: the time budget is spent"
    assert found.notes == ("the time budget did not suffice for tree: raise it to compare them, too",)


def test_a_candidate_that_would_overdraw_the_budget_is_stopped_before_it_does() -> None:
    meeting = arena(100.0, step=4.0)  # every fit takes at least 4 s by this clock: ten folds are too many
    leader = Trial(entry=RIDGE, scores=(1e9,) * len(meeting.folds))
    trial = try_entry(TREE, meeting, leader=leader)
    assert not trial.complete
    assert trial.stopped.startswith("not finished: it needs about")
    assert meeting.budget.left > 0


def test_the_cost_of_a_large_table_is_guessed_from_few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]

    def slow(choice: Choice, data: Labelled, **given: Any) -> Fitted:  # noqa: ANN401 - passed on
        now[0] += 1.0 + data.count  # by this clock a second for any fit, and one for each row
        return fit(choice, data, **given)

    monkeypatch.setattr(compare, "PROBE_ROWS", 20)
    monkeypatch.setattr(compare, "fit", slow)
    meeting = replace(arena(), budget=start_budget(150.0, lambda: now[0]))
    trial = try_entry(TREE, meeting, leader=Trial(entry=RIDGE, scores=(1e9,) * len(meeting.folds)))
    assert trial.scores == ()
    assert trial.stopped == "not finished: it needs about 174 s more, and 116 s are left"


def test_a_cost_grows_with_the_rows_or_with_their_square() -> None:
    assert Cost(seconds=2.0, rows=100).of(300) == pytest.approx(6.0)
    assert Cost(seconds=2.0, rows=100, growth=2.0).of(300) == pytest.approx(18.0)


def test_two_fits_tell_what_any_fit_takes_and_how_the_rest_grows() -> None:
    found = measured(Cost(seconds=2.0, rows=100), Cost(seconds=3.0, rows=300))
    assert found.fixed == pytest.approx(1.5)
    assert found.of(500) == pytest.approx(4.0)
    falling = measured(Cost(seconds=3.0, rows=100), Cost(seconds=2.0, rows=300))
    assert falling.of(1000) == pytest.approx(2.0)


def test_a_budget_counts_down_from_its_start() -> None:
    budget = Budget(seconds=10.0, start=100.0, clock=lambda: 104.0)
    assert (budget.spent, budget.left) == (4.0, 6.0)


def test_small_tables_are_divided_twice_and_large_ones_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(arena().folds) == 10
    monkeypatch.setattr(choosing, "FEW_ROWS", 50)
    assert len(arena().folds) == 5
    monkeypatch.setattr(choosing, "COMPARED_ROWS", 60)
    assert (arena().data.count, arena().rows) == (60, 96)


def test_a_named_algorithm_is_scored_on_every_fold_where_that_is_asked_for() -> None:
    asked = Changes(algorithm="tree", cross_validate=4)
    result = train(flats(), recipe=changed(recipe("rent"), asked))
    baseline, tree = result.candidates
    assert (baseline.algorithm, tree.algorithm) == ("baseline", "tree")
    assert tree.chosen
    assert tree.reason.startswith("as the recipe says; mean rmse of 8 folds, ")  # few rows are divided twice
    assert tree.score is not None
    assert baseline.score is not None
    assert tree.score < baseline.score
    assert train(flats(), recipe=changed(recipe("rent"), Changes(algorithm="tree"))).candidates == ()


def test_time_is_divided_once() -> None:
    chosen = recipe("rent")
    split = msgspec.structs.replace(chosen.split, method=SplitMethod.TIME, column="rooms")
    meeting = arena(chosen=msgspec.structs.replace(chosen, split=split))
    assert len(meeting.folds) == 5


def test_columns_that_say_nothing_are_not_praised() -> None:
    draw = np.random.default_rng(5)
    noise = pl.DataFrame({"x": draw.normal(size=200), "y": draw.choice(["a", "b"], 200)})
    result = train(noise, recipe=Recipe.from_toml('[data]\ntarget = "y"'))
    best = min(c.score for c in result.candidates if c.score is not None and c.algorithm != "baseline")
    worse = best >= next(c.score for c in result.candidates if c.algorithm == "baseline" and c.score is not None)
    said = any(note.startswith("no algorithm beats the baseline") for note in result.notes)
    assert said == worse


def test_progress_names_what_is_compared() -> None:
    steps: list[Step] = []
    train(flats(), recipe=recipe("let", "auto"), progress=steps.append)
    said = [step.doing for step in steps]
    assert "comparing logistic" in said
    assert said[-1] == "done"
    shares = [step.done for step in steps]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
