"""From a training result to a version in a registry."""

from __future__ import annotations

import re
from pathlib import PurePath
from unicodedata import combining, normalize

import msgspec

from carafe.errors import InvalidName
from carafe.models.container import CARAFE
from carafe.models.holdout import encode_holdout
from carafe.models.manifest import Manifest, Rung
from carafe.models.publication import provenance_of
from carafe.models.sealing import seal
from carafe.registry import Promotion, Registry, Version
from carafe.schema import Task
from carafe.schema.exchange import check_name
from carafe.training.recipe import Recipe
from carafe.training.result import TrainingResult


def publish_result(
    result: TrainingResult,
    *,
    name: str,
    registry: Registry,
    promote: Promotion = Promotion.FIRST_ONLY,
    by: str = "",
    reason: str = "",
) -> Version:
    """Seal a trained model and make it the next version of the model called ``name``, and note by whom and why.

    Raises:
        InvalidName: when the name is not well formed.
        UnsupportedModel: when the model can't be kept as data.
    """
    check_name(name)
    with registry.staging() as folder:
        seal(
            directory=folder,
            key=registry.key,
            manifest=manifest_of(result, name=name),
            estimator=result.estimator,
            sample=result.holdout.data.rows,
            holdout=_held(result),
        )
        return registry.publish(name=name, staged=folder, promote=promote, by=by, reason=reason)


def _held(result: TrainingResult) -> bytes | None:
    """Return the held-out rows as they are kept with the version, unless the recipe says to keep none."""
    data = result.holdout.data
    return encode_holdout(data.signature, data.rows, data.target) if result.recipe.split.keep_rows else None


def manifest_of(result: TrainingResult, *, name: str) -> Manifest:
    """Return what is known about a trained model, its files still unknown."""
    return Manifest(
        name=name,
        signature=result.signature,
        flavour="sklearn",
        container=CARAFE,
        algorithm=result.recipe.model.algorithm,
        probabilities=result.signature.target.task is Task.CLASSIFICATION,
        provenance=provenance_of(
            result.estimator,
            source=PurePath(result.recipe.data.source).name,
            rows=result.rows + result.holdout.data.count,
            data_sha256=result.data_sha256,
            holdout_sha256=result.holdout.sha256,
            seed=result.recipe.split.seed,
        ),
        recipe=_kept(result.recipe).to_toml(),
        metrics=result.metrics,
        importance=result.importance,
        confusion=result.confusion,
        positive=result.positive,
        candidates=result.candidates,
        ladder=(Rung(name="native", chosen=True, reason="the scikit-learn pipeline that was trained answers"),),
    )


def name_from(source: str) -> str:
    """Return a model name made of a file's name: lower case, without accents, with ``-`` for what no name may have.

    Raises:
        InvalidName: when nothing of it can be in a name: tables called 日本 and 花 are not two versions of one model.
    """
    stem = PurePath(source).stem
    letters = "".join(char for char in normalize("NFKD", stem.casefold()) if not combining(char))
    name = re.sub(r"\.{2,}", ".", re.sub(r"[^a-z0-9._-]+", "-", letters))[:64].strip("._-")
    if not name and stem.strip("._- "):
        raise InvalidName(
            f"the file's name, {stem!r}, has no letter or digit that a model's name may have: choose one with --name, "
            "or as `name` in the recipe"
        )
    return name or "model"


def _kept(recipe: Recipe) -> Recipe:
    """Return the recipe as everyone may read it who may see the model: without folders and without a database's URL."""
    read = msgspec.structs.replace(recipe.data.read, database=None)
    source = PurePath(recipe.data.source).name
    return msgspec.structs.replace(recipe, data=msgspec.structs.replace(recipe.data, source=source, read=read))
