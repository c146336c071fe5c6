"""When a new version becomes its model's champion."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from carafe.errors import InvalidParameter
from carafe.models import Manifest
from carafe.registry.version import Version
from carafe.schema.values import shown

_SMALLER_IS_BETTER = frozenset({"mse", "rmse", "mae", "mape", "log_loss", "brier", "error"})


class Promotion(StrEnum):
    """What is asked for when a version is published."""

    FIRST_ONLY = "first-only"
    """The model's first version becomes champion, a later one does not."""
    ALWAYS = "always"
    IF_BETTER = "if-better"
    """It becomes champion when it beats the champion's main metric on the same held-out rows."""

    @classmethod
    def parse(cls, asked: Promotion | str) -> Promotion:
        """Return what was asked for, by its value.

        Raises:
            InvalidParameter: when it is none of the values.
        """
        try:
            return cls(asked)
        except ValueError:
            allowed = ", ".join(f'"{one}"' for one in cls)
            raise InvalidParameter(f"promote: got {shown(asked)}, expected one of {allowed}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a version becomes champion, and why (not), as one line for its reader."""

    promote: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a new version meets: whether the model has other versions, and which one is champion."""

    first: bool
    champion: Version | None


def judge(promotion: Promotion, candidate: Manifest, standing: Standing) -> Verdict:
    """Decide whether ``candidate`` becomes champion."""
    if standing.first:
        return Verdict(promote=True, reason="champion: the model's first version")
    if promotion is Promotion.ALWAYS:
        return Verdict(promote=True, reason="champion: asked for at publication")
    if promotion is Promotion.FIRST_ONLY:
        return Verdict(promote=False, reason="not champion: promotion was not asked for")
    if standing.champion is None:
        return Verdict(promote=True, reason="champion: the model had none")
    return _compare(candidate, standing.champion)


def _compare(candidate: Manifest, champion: Version) -> Verdict:
    """Compare the first metric of both manifests, which is the main one."""
    rows = candidate.provenance.holdout_sha256
    if not rows or rows != champion.manifest.provenance.holdout_sha256:
        return _stays(f"its held-out rows are not those of the champion {champion}, so their figures don't compare")
    asked, answered = candidate.signature.target.name, champion.manifest.signature.target.name
    if asked != answered:
        return _stays(f"it predicts {asked}, the champion {champion} predicts {answered}")
    mine = candidate.metrics[0] if candidate.metrics else None
    theirs = champion.manifest.metric(mine.name) if mine else None
    if mine is None or theirs is None:
        return _stays(f"it and the champion {champion} have no main metric in common")
    figures = f"{mine.name} {mine.value:.6g}, the champion {champion} has {theirs.value:.6g} on the same rows"
    better = mine.value < theirs.value if smaller_is_better(mine.name) else mine.value > theirs.value
    return Verdict(promote=True, reason=f"champion: {figures}") if better else _stays(figures)


def _stays(reason: str) -> Verdict:
    return Verdict(promote=False, reason=f"not champion: {reason}")


def smaller_is_better(metric: str) -> bool:
    """Tell whether a smaller figure is the better one; for every metric not known by name a larger one is."""
    return re.sub(r"[^a-z0-9]+", "_", metric.lower()).strip("_") in _SMALLER_IS_BETTER
