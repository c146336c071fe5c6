"""``auto``: a small portfolio of algorithms compared by cross-validation on the training rows, within a time budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from carafe.errors import TrainingFailed
from carafe.models.manifest import Candidate
from carafe.models.scores import MAIN
from carafe.schema import Task
from carafe.training.algorithms.algorithm import Setting
from carafe.training.algorithms.catalogue import AUTO
from carafe.training.auto.budget import Budget
from carafe.training.auto.compare import Arena, Trial, try_entry
from carafe.training.auto.portfolio import Entry, Portfolio, portfolio
from carafe.training.fit import BASELINE, Choice, setting_of
from carafe.training.labelled import Labelled
from carafe.training.progress import Progress, Step
from carafe.training.recipe import ModelChoice, Recipe, SplitMethod
from carafe.training.split import Index, folds

COMPARED_ROWS = 50_000
"""Larger tables are compared on a sample of so many rows; the winner learns from all of them."""

FEW_ROWS = 1_000
"""On fewer rows the folds are made twice, differently: one division would decide by chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Every candidate with its score and a sentence, the one that was chosen, and what a person should know."""

    candidates: tuple[Candidate, ...]
    choice: Choice
    notes: tuple[str, ...]


def choose(table: pl.DataFrame, data: Labelled, *, recipe: Recipe, budget: Budget, progress: Progress) -> Comparison:
    """Compare the portfolio on the training rows and choose the candidate with the best mean score over the folds.

    ``table`` has the same rows with all columns, for a split by group or time. Scores are those of
    `carafe.training.evaluation.scores`. A comparison is repeatable as long as the budget cuts nothing short; what was
    cut short is said. Where the recipe names an algorithm, it alone is scored, beside the baseline.

    Raises:
        TrainingFailed: when every candidate fails.
    """
    setting = setting_of(recipe, data.signature, data.target)
    entries = _entries(recipe.model, setting)
    arena = _arena(table, data, recipe, budget)
    baseline = try_entry(Entry(label=BASELINE, algorithm=BASELINE), arena, leader=None)
    trials: list[Trial] = []
    for position, entry in enumerate(entries.candidates):
        progress(Step(done=position / len(entries.candidates), doing=f"comparing {entry.label}"))
        trials.append(try_entry(entry, arena, leader=_leader(trials)))
    winner = _leader(trials)
    if winner is None:
        raise TrainingFailed("every algorithm failed: " + "; ".join(f"{t.entry.label} {t.stopped}" for t in trials))
    return Comparison(
        candidates=tuple(_described(trial, winner, trials, setting.task) for trial in (baseline, *trials)),
        choice=Choice(algorithm=winner.entry.algorithm, params=winner.entry.params),
        notes=(*entries.notes, *_notes(trials, winner, baseline)),
    )


def _entries(model: ModelChoice, setting: Setting) -> Portfolio:
    if model.algorithm == AUTO:
        return portfolio(setting)
    return Portfolio(candidates=(Entry(label=model.algorithm, algorithm=model.algorithm, params=model.params),))


def _arena(table: pl.DataFrame, data: Labelled, recipe: Recipe, budget: Budget) -> Arena:
    if data.count > COMPARED_ROWS:
        chosen = np.random.default_rng(recipe.split.seed).choice(data.count, COMPARED_ROWS, replace=False)
        index = np.sort(chosen).astype(np.intp)
        sample, frame = data.take(index), table[index]
    else:
        sample, frame = data, table
    return Arena(data=sample, folds=_folds(frame, sample.target, recipe), recipe=recipe, budget=budget, rows=data.count)


def _folds(frame: pl.DataFrame, target: NDArray[np.generic], recipe: Recipe) -> Sequence[tuple[Index, Index]]:
    made = folds(frame, target, recipe=recipe)
    if len(target) >= FEW_ROWS or recipe.split.method is SplitMethod.TIME:
        return made
    other = msgspec.structs.replace(recipe.split, seed=(recipe.split.seed + 1) % 2**32)
    return made + folds(frame, target, recipe=msgspec.structs.replace(recipe, split=other))


def _leader(trials: Sequence[Trial]) -> Trial | None:
    complete = [trial for trial in trials if trial.complete]
    return min(complete, key=lambda trial: trial.mean) if complete else None


def _described(trial: Trial, winner: Trial, trials: Sequence[Trial], task: Task) -> Candidate:
    return Candidate(
        algorithm=trial.entry.label,
        score=trial.mean if trial.complete else None,
        deviation=trial.spread if trial.complete else None,
        seconds=round(trial.seconds, 3),
        chosen=trial is winner,
        reason=_why_chosen(winner, trials, task) if trial is winner else _why_not(trial, winner),
    )


def _why_chosen(winner: Trial, trials: Sequence[Trial], task: Task) -> str:
    figure = f"mean {MAIN[task]} of {len(winner.scores)} folds, {_short(winner.mean)} ± {_short(winner.spread)}"
    if len(trials) == 1:
        return f"as the recipe says; {figure}"
    best = f"lowest {figure}"
    others = [trial for trial in trials if trial.complete and trial is not winner]
    if not others:
        return f"{best}; no other candidate was finished"
    second = min(others, key=lambda trial: trial.mean)
    return f"{best}; runner-up {second.entry.label}, {_why_not(second, winner)}"


def _why_not(trial: Trial, winner: Trial) -> str:
    """Say how far a candidate is behind: the mean difference on the same folds, and its standard error."""
    if not trial.complete:
        return trial.stopped
    differences = np.subtract(trial.scores, winner.scores)
    gap = float(differences.mean())
    noise = float(differences.std(ddof=1) / np.sqrt(len(differences))) if len(differences) > 1 else 0.0
    return f"behind by {_short(gap)} ± {_short(noise)} on the same folds" + (
        "" if gap > 2 * noise else ", within noise"
    )


def _short(figure: float) -> str:
    return f"{figure:,.0f}" if abs(figure) >= 1_000 else f"{figure:.3g}"


def _notes(trials: Sequence[Trial], winner: Trial, baseline: Trial) -> list[str]:
    notes = []
    untried = [trial.entry.label for trial in trials if trial.stopped.startswith("not ")]
    if untried:
        notes.append(f"the time budget did not suffice for {', '.join(untried)}: raise it to compare them, too")
    if baseline.complete and winner.mean >= baseline.mean:
        notes.append("no algorithm beats the baseline: the columns may say nothing about the target")
    return notes
