"""When a new version becomes its model's champion."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from carafe.errors import InvalidParameter
from carafe.registry.comparison import Comparison
from carafe.registry.gates import Gates
from carafe.registry.version import Version
from carafe.schema.values import shown


class Promotion(StrEnum):
    """What is asked for when a version is published."""

    FIRST_ONLY = "first-only"
    """The model's first version becomes champion, a later one does not."""
    ALWAYS = "always"
    """It becomes champion, unless the model's gates refuse it."""
    IF_BETTER = "if-better"
    """It becomes champion when it beats the champion's main figure on the same rows, and passes the gates."""

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
    """What a new version meets: whether the model has other versions, which one is champion, and the model's gates."""

    first: bool
    """Whether the model has no version, be it that it never had one or that all were deleted."""
    champion: Version | None
    gates: Gates
    last: int = 0
    """The last number that the model gave a version; 0 where it never had one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What was found out about a new version before it was added, which takes longer than a database may be kept."""

    champion: int | None = None
    """The champion that it was held against; None where there was none."""
    held: bool = False
    """Whether the champion mattered."""
    gates: Gates = field(default_factory=Gates)
    """The model's gates, by which it was judged."""
    failed: tuple[str, ...] = ()
    """The gates that it does not pass, each with the reason."""
    compared: Comparison | str = ""
    """Its main figure beside the champion's, or why they don't compare."""


def judge(promotion: Promotion, opinion: Opinion, standing: Standing) -> Verdict:
    """Decide whether a new version becomes champion."""
    why_not = _why_not(promotion, opinion, standing)
    if why_not is not None:
        return Verdict(promote=False, reason=f"not champion: {why_not}")
    if standing.first:
        return Verdict(promote=True, reason=f"champion: the model's {'only' if standing.last else 'first'} version")
    if promotion is Promotion.ALWAYS:
        return Verdict(promote=True, reason="champion: asked for at publication")
    return Verdict(promote=True, reason=f"champion: {opinion.compared or 'the model had none'}")


def _why_not(promotion: Promotion, opinion: Opinion, standing: Standing) -> str | None:
    """Return what stands against a version; None where nothing does."""
    if promotion is Promotion.FIRST_ONLY and not standing.first:
        return "promotion was not asked for"
    overtaken = _overtaken(opinion, standing)
    if overtaken is not None:
        return f"{overtaken}: promote it, if it is still wanted"
    if opinion.failed:
        return f"it does not pass the gates: {'; '.join(opinion.failed)}"
    if promotion is not Promotion.IF_BETTER or standing.champion is None:
        return None
    if isinstance(opinion.compared, str):
        return opinion.compared
    return None if opinion.compared.worse_by < 0 else str(opinion.compared)


def _overtaken(opinion: Opinion, standing: Standing) -> str | None:
    """Return what somebody else has changed since the opinion was formed; None where it still holds."""
    champion = None if standing.champion is None else standing.champion.number
    if opinion.held and champion != opinion.champion:
        return "the champion changed while they were compared"
    if opinion.gates != standing.gates:
        return "the model's gates changed while it was judged"
    return None
