"""A training run, from a table to a model and what is known about it. Read it from top to bottom."""

from __future__ import annotations

import msgspec
import polars as pl

from carafe.training.algorithms.catalogue import AUTO, check_model
from carafe.training.auto.budget import start_budget
from carafe.training.auto.choose import Comparison, choose
from carafe.training.clean import clean_training
from carafe.training.decisions import Plan, decide_columns, shared_rows, signature_for
from carafe.training.digests import table_digest
from carafe.training.evaluation.doubts import doubts
from carafe.training.evaluation.evaluate import evaluate
from carafe.training.evaluation.importance import permutation_importance
from carafe.training.fit import BASELINE, Choice, fit
from carafe.training.labelled import Labelled, labelled
from carafe.training.progress import Progress, Step, silent, within
from carafe.training.recipe import Recipe
from carafe.training.result import Holdout, TrainingResult
from carafe.training.split import Split, split_rows
from carafe.training.study import Study, study_table


def train(frame: pl.DataFrame, *, recipe: Recipe, progress: Progress = silent) -> TrainingResult:
    """Learn ``recipe.data.target`` from a table and measure the model on rows that it has not seen.

    Nothing but the profile of the columns (what they are, not what they say about the target) looks at the held-out
    rows before the model is finished. The same table, recipe and seed give the same model and the same figures, as
    long as the time budget of ``auto`` cuts nothing short, which is said in the notes.

    Args:
        frame: the table as it was read.
        recipe: at least the target; all else has defaults.
        progress: is told of each step; what it raises ends the run.

    Raises:
        UnknownColumn: the recipe names a column that the table lacks.
        InvalidRecipe: steps, algorithm or parameters do not suit the table.
        UntrainableTable: no model can be learnt from it.
        MissingExtra: the algorithm's library can't be loaded.
        TrainingFailed: the algorithm fails on data that passed every check.
    """
    progress(Step(done=0.0, doing="looking at the columns"))
    study, split, plan = plan_run(frame, recipe=recipe)
    cleaned = clean_training(study.typed[split.train], recipe=plan.recipe)
    signature = signature_for(study, cleaned.frame, plan.recipe)
    training, held = labelled(cleaned.frame, signature), labelled(study.typed[split.test], signature)

    compared = _choose(cleaned.frame, training, recipe=plan.recipe, progress=within(progress, 0.05, 0.8))
    progress(Step(done=0.8, doing=f"fitting {compared.choice.algorithm} to {training.count:,} rows"))
    fitted = fit(compared.choice, training, recipe=plan.recipe)
    baseline = fit(Choice(algorithm=BASELINE, params={}), training, recipe=plan.recipe)

    progress(Step(done=0.85, doing=f"evaluating on {held.count:,} held-out rows"))
    evaluation = evaluate(fitted.estimator, baseline.estimator, held)
    importance = permutation_importance(
        fitted.estimator, held, seed=recipe.split.seed, progress=within(progress, 0.87, 1.0)
    )
    model = msgspec.structs.replace(recipe.model, algorithm=compared.choice.algorithm, params=fitted.params)
    progress(Step(done=1.0, doing="done"))
    return TrainingResult(
        estimator=fitted.estimator,
        signature=signature,
        recipe=msgspec.structs.replace(plan.recipe, model=model),
        metrics=evaluation.metrics,
        importance=importance,
        confusion=evaluation.confusion,
        positive=evaluation.positive,
        candidates=compared.candidates,
        decisions=plan.decisions,
        notes=(*study.notes, *cleaned.notes, *compared.notes, *fitted.notes, *evaluation.notes),
        warnings=(
            *plan.warnings,
            *shared_rows(study.typed, split, plan.recipe),
            *doubts(evaluation.metrics, held=held.count, baseline=compared.choice.algorithm == BASELINE),
        ),
        holdout=Holdout(data=held, sha256=table_digest(study.read[split.test])),
        rows=training.count,
        data_sha256=table_digest(study.read),
    )


def plan_run(frame: pl.DataFrame, *, recipe: Recipe) -> tuple[Study, Split, Plan]:
    """Take every decision that comes before learning: what the table is, which rows are held out, which columns used.

    Raises:
        UnknownColumn, InvalidRecipe, UntrainableTable: as ``train``.
    """
    study = study_table(frame, recipe=recipe)
    check_model(recipe.model, study.task)
    split = split_rows(study.typed, study.target, recipe=study.recipe)
    return study, split, decide_columns(study, study.typed[split.train])


def _choose(table: pl.DataFrame, training: Labelled, *, recipe: Recipe, progress: Progress) -> Comparison:
    if recipe.model.algorithm == AUTO or recipe.model.cross_validate:
        budget = start_budget(recipe.model.time_budget)
        return choose(table, training, recipe=recipe, budget=budget, progress=progress)
    choice = Choice(algorithm=recipe.model.algorithm, params=recipe.model.params)
    return Comparison(candidates=(), choice=choice, notes=())
