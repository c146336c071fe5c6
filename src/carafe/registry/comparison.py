"""Which of two versions is better, on the same rows: by the figures that both have of them, or by asking both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from carafe.errors import CarafeError, InvalidInput
from carafe.models import Artefact, Manifest, Model
from carafe.models.holdout import Holdout, read_holdout
from carafe.models.scores import (
    ACCURACY,
    LOG_LOSS,
    RMSE,
    accuracy,
    log_loss,
    root_mean_squared_error,
    smaller_is_better,
)
from carafe.schema import Label, Rows, Signature, Task
from carafe.schema.rows import encode_records

Load = Callable[[Artefact], Model]


class NotComparable(Exception):
    """Raised when two versions can't be compared; says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A version that is compared, and how its verified files are come by if they are needed."""

    called: str
    manifest: Manifest
    open: Callable[[], Artefact]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One figure of two versions on the same rows."""

    metric: str
    mine: float
    """The candidate's."""
    theirs: float
    """The champion's."""
    champion: str
    rows: str
    """Which rows they are, in words."""

    @property
    def worse_by(self) -> float:
        """By how much the candidate is worse, in the figure's own unit; negative where it is better."""
        return self.mine - self.theirs if smaller_is_better(self.metric) else self.theirs - self.mine

    def __str__(self) -> str:
        return f"{self.metric} {self.mine:.6g}, the champion {self.champion} has {self.theirs:.6g} on {self.rows}"


def compare(candidate: Contender, champion: Contender, *, load: Load) -> Comparison:
    """Compare the main figures of two versions.

    Where both were measured on the very same held-out rows, the figures that they came with are compared. Elsewhere
    both models are loaded and asked about the held-out rows that the candidate keeps. The champion may have learnt from
    some of them, which makes it look better than it is, never the candidate.

    Raises:
        NotComparable: when there are no rows to compare them on, or one of them can't answer.
    """
    asked, answered = candidate.manifest.signature.target, champion.manifest.signature.target
    if asked.name != answered.name or asked.task is not answered.task:
        raise NotComparable(
            f"it is a {asked.task} of {asked.name}, the champion {champion.called} a {answered.task} of {answered.name}"
        )
    try:
        return _by_manifests(candidate, champion) or _by_asking(candidate, champion, load)
    except CarafeError as error:
        told = str(error) if isinstance(error, InvalidInput) else error.title[:1].lower() + error.title[1:]
        raise NotComparable(
            f"it and the champion {champion.called} can't be asked about the same rows: {told}"
        ) from error


def _by_manifests(candidate: Contender, champion: Contender) -> Comparison | None:
    mine = next(iter(candidate.manifest.metrics), None)
    theirs = champion.manifest.metric(mine.name) if mine else None
    digest = candidate.manifest.provenance.holdout_sha256
    if not digest or digest != champion.manifest.provenance.holdout_sha256 or mine is None or theirs is None:
        return None
    return Comparison(
        metric=mine.name,
        mine=mine.value,
        theirs=theirs.value,
        champion=champion.called,
        rows="the same held-out rows",
    )


def _by_asking(candidate: Contender, champion: Contender, load: Load) -> Comparison:
    artefact = candidate.open()
    held = read_holdout(artefact)
    if held is None:
        raise NotComparable(
            f"its held-out rows are not those of the champion {champion.called}, or their main figures differ, and it "
            "keeps no rows on which both could be asked"
        )
    mine, theirs = load(artefact), load(champion.open())
    rows = _both_take(held, mine.signature, theirs.signature, champion.called)
    manifests = (candidate.manifest, champion.manifest)
    metric = RMSE
    if candidate.manifest.task is Task.CLASSIFICATION:
        metric = LOG_LOSS if all(manifest.probabilities for manifest in manifests) else ACCURACY
    truth = [held.truth[index] for index in rows.kept]
    return Comparison(
        metric=metric,
        mine=_figure(metric, mine, rows.mine, truth),
        theirs=_figure(metric, theirs, rows.theirs, truth),
        champion=champion.called,
        rows=f"{len(rows.kept):,} held-out rows of {candidate.called}",
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Shared:
    """The held-out rows that both models take, as each of them takes them, and which they are."""

    kept: Sequence[int]
    mine: Rows
    theirs: Rows


def _both_take(held: Holdout, mine: Signature, theirs: Signature, champion: str) -> _Shared:
    lacking = [name for name in theirs.names if name not in mine.position]
    if lacking:
        raise NotComparable(
            f"its held-out rows lack {', '.join(map(repr, lacking[:5]))}, which the champion {champion} asks for"
        )
    records = [{name: row[mine.position[name]] for name in theirs.names} for row in held.rows]
    kept = [index for index, record in enumerate(records) if _takes(theirs, record)]
    if not kept:
        raise NotComparable(f"the champion {champion} takes none of its held-out rows")
    return _Shared(
        kept=kept,
        mine=encode_records(mine, [held.rows[index] for index in kept]),
        theirs=encode_records(theirs, [records[index] for index in kept]),
    )


def _takes(signature: Signature, record: Mapping[str, object]) -> bool:
    try:
        encode_records(signature, [record])
    except InvalidInput:
        return False
    return True


def _figure(metric: str, model: Model, rows: Rows, truth: Sequence[Label]) -> float:
    answer = model.predict(rows, probabilities=metric == LOG_LOSS)
    if metric == RMSE:
        figure = root_mean_squared_error(np.array(truth, dtype=np.float64), np.asarray(answer.values, dtype=np.float64))
    else:
        # By place: labels of several types do not fit into one array.
        classes = {(type(label), label): place for place, label in enumerate(model.signature.target.classes)}
        expected = np.array([classes.get((type(label), label), -1) for label in truth])
        if answer.probabilities is None:
            figure = accuracy(expected, answer.values)
        else:
            figure = log_loss(expected, answer.probabilities, np.arange(len(classes)))
    if not np.isfinite(figure):
        raise NotComparable("an answer to its held-out rows is no finite number")
    return figure
