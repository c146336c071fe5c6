"""Which candidates ``auto`` compares: a few that differ, the cheap ones first."""

from __future__ import annotations

from dataclasses import dataclass, field

from carafe.schema import Task
from carafe.training.algorithms.algorithm import Setting
from carafe.training.algorithms.trees import large_boosting, lightgbm_missing, small_boosting
from carafe.training.recipe import Parameter

KERNEL_ROWS = 3_000
"""Support vectors with a kernel cost the square of the rows: up to so many they are worth their time."""

LARGE_ROWS = 1_500
"""From so many rows on, more and larger trees may learn more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An algorithm with parameters of its own, and how its cost grows with the rows: 1 in proportion, 2 squared."""

    label: str
    algorithm: str
    params: dict[str, Parameter] = field(default_factory=dict)
    growth: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """The candidates in the order in which they are tried, and why some are not among them."""

    candidates: tuple[Entry, ...]
    notes: tuple[str, ...] = ()


def portfolio(setting: Setting) -> Portfolio:
    """Return the candidates for a table."""
    missing = lightgbm_missing()
    boosting = _boosting(setting) if missing is None else (Entry(label="boosting", algorithm="boosting"),)
    notes = () if missing is None else (f"auto compares boosting in the place of lightgbm: {missing}",)
    if setting.text_only:
        return Portfolio(candidates=(*_for_texts(setting), *boosting[:1]), notes=notes)
    linear = "logistic" if setting.task is Task.CLASSIFICATION else "ridge"
    candidates = (
        Entry(label=linear, algorithm=linear),
        *boosting,
        *_kernel(setting),
        Entry(label="extra-trees", algorithm="extra-trees"),
        Entry(label="forest", algorithm="forest"),
    )
    return Portfolio(candidates=candidates, notes=notes)


def _for_texts(setting: Setting) -> tuple[Entry, ...]:
    if setting.task is Task.REGRESSION:
        return (Entry(label="ridge", algorithm="ridge"), Entry(label="svm", algorithm="svm"))
    return (
        Entry(label="logistic", algorithm="logistic"),
        Entry(label="naive-bayes", algorithm="naive-bayes"),
        Entry(label="svm", algorithm="svm"),
    )


def _boosting(setting: Setting) -> tuple[Entry, ...]:
    small = Entry(label="lightgbm, 200 small trees", algorithm="lightgbm", params=small_boosting(setting))
    large = Entry(label="lightgbm, 600 trees", algorithm="lightgbm", params=large_boosting(setting))
    return (small, large) if setting.rows >= LARGE_ROWS else (small,)


def _kernel(setting: Setting) -> tuple[Entry, ...]:
    if setting.rows > KERNEL_ROWS or setting.smallest_class == 1:
        return ()
    penalties = (1.0,) if setting.task is Task.CLASSIFICATION else (1.0, 10.0)
    return tuple(
        Entry(label=f"svm, C = {penalty:g}", algorithm="svm", params={"C": penalty}, growth=2.0)
        for penalty in penalties
    )
