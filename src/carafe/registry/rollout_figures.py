"""What workers have seen of both versions of a rollout: counts that add up, over workers and over steps."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Self

import msgspec

SHORTEST = 0.00001
"""The upper edge of the first bucket of durations, in seconds."""

PER_DOUBLING = 4
"""How many buckets there are between a duration and twice that: an edge is 19 % above the one before."""

BUCKETS = 96
"""The last one ends at 141 seconds, and holds what took longer."""


def bucket_of(seconds: float) -> int:
    """Return the bucket of a duration."""
    if seconds <= SHORTEST:
        return 0
    return min(BUCKETS - 1, math.ceil(PER_DOUBLING * math.log2(seconds / SHORTEST)))


def upper_edge(bucket: int) -> float:
    """Return the longest duration of a bucket, in seconds."""
    return float(SHORTEST * 2 ** (bucket / PER_DOUBLING))


class Counts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of the requests that a version was asked."""

    answered: int = 0
    failed: int = 0
    """It failed on rows that had passed validation, or could not be loaded when it was asked."""
    refused: int = 0
    """It did not take the records, or what else was asked of it."""
    turned_away: int = 0
    """Too many waited for it, or they waited too long."""
    durations: Mapping[int, int] = {}
    """How many answers took as long as a bucket says, by bucket."""

    @property
    def requests(self) -> int:
        """All of them."""
        return self.answered + self.failed + self.refused + self.turned_away

    def at(self, place: int) -> int | None:
        """Return the bucket of the answer at a place, from 1, in the order of durations; None where there are fewer."""
        for bucket in sorted(self.durations):
            place -= self.durations[bucket]
            if place <= 0:
                return bucket
        return None

    def quantile(self, part: float) -> float | None:
        """Return the duration that a part of the answers did not exceed, in seconds, at most 19 % too long."""
        bucket = self.at(max(1, math.ceil(part * sum(self.durations.values()))))
        return None if bucket is None else upper_edge(bucket)

    def longer_than(self, seconds: float) -> int:
        """Return how many answers took longer for sure."""
        return sum(count for bucket, count in self.durations.items() if bucket and upper_edge(bucket - 1) >= seconds)

    def __add__(self, other: Counts) -> Counts:
        durations = dict(self.durations)
        for bucket, count in other.durations.items():
            durations[bucket] = durations.get(bucket, 0) + count
        return Counts(
            answered=self.answered + other.answered,
            failed=self.failed + other.failed,
            refused=self.refused + other.refused,
            turned_away=self.turned_away + other.turned_away,
            durations=durations,
        )


class Seen(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one worker has seen during one step."""

    stable: Counts = Counts()
    candidate: Counts = Counts()
    unloadable: str = ""
    """Why the candidate could not be loaded; empty where it could."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFigures:
    """What all workers have seen during one step."""

    step: int
    workers: int = 0
    stable: Counts = field(default_factory=Counts)
    candidate: Counts = field(default_factory=Counts)
    unloadable: str = ""

    @classmethod
    def of(cls, step: int, seen: Iterable[Seen]) -> Self:
        """Return what the workers' figures say together."""
        each = tuple(seen)
        return cls(
            step=step,
            workers=len(each),
            stable=added(one.stable for one in each),
            candidate=added(one.candidate for one in each),
            unloadable=next((one.unloadable for one in each if one.unloadable), ""),
        )


def added(counts: Iterable[Counts]) -> Counts:
    """Return the sum of counts."""
    return reduce(Counts.__add__, counts, Counts())
