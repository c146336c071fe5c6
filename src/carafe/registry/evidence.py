"""Whether what was counted so far shows that a rate is too high, however often one looks while it is counted."""

from __future__ import annotations

import math

DOUBT = 1e-4
"""How probable it is at most, over a whole step, that a rate within its bound is held for one beyond it."""

_Z = 2.326
"""The normal quantile of 99 %, for one-sided bounds."""

SURE = 3.719
"""The normal quantile of 1 - DOUBT, for a bound beyond which evidence counts."""

_ALTERNATIVES = (0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95)
"""Which part of the way from the bound to 1 the rates lie that are weighed against it."""


def beyond(hits: int, total: int, bound: float) -> bool:
    """Tell whether ``hits`` of ``total`` show that the rate behind them is above ``bound``.

    It may be asked after every single request: looking often makes no mistake more probable. It weighs the likelihood
    of several higher rates against that of the bound; while the rate is within the bound, that mean ratio is a
    supermartingale that begins at 1, so that it ever reaches 1 / DOUBT with a probability of at most DOUBT.

    A bound of 1 % is shown to be broken by 3 hits of 3, by 5 of 20, by 29 of 1,000.

    Source: sequential probability ratios, A. Wald, "Sequential Tests of Statistical Hypotheses" (1945); their mixtures,
    H. Robbins, "Statistical Methods Related to the Law of the Iterated Logarithm" (1970); the inequality, J. Ville
    (1939).
    """
    if not hits or bound >= 1:
        return False
    if bound <= 0:
        return True
    return _log_ratio(hits, total, bound) >= -math.log(DOUBT)


def _log_ratio(hits: int, total: int, bound: float) -> float:
    """Return the logarithm of the mean likelihood ratio, without ever leaving the range of a float."""
    rates = [bound + (1 - bound) * part for part in _ALTERNATIVES]
    logs = [
        hits * math.log(rate / bound) + (total - hits) * math.log((1 - rate) / (1 - bound))
        for rate in rates
        if rate > bound
    ]
    if not logs:  # the bound is so near to 1 that no number lies between
        return 0.0
    largest = max(logs)
    return largest + math.log(sum(math.exp(log - largest) for log in logs) / len(rates))


def at_most(hits: int, total: int, *, quantile: float = _Z) -> float:
    """Return the rate that is not exceeded with a confidence of 99 %: the upper end of Wilson's score interval.

    ``quantile`` is the normal quantile of another confidence.

    Source: E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference" (1927).
    """
    if not total:
        return 1.0
    rate, square = hits / total, quantile * quantile
    middle = rate + square / (2 * total)
    spread = quantile * math.sqrt(rate * (1 - rate) / total + square / (4 * total * total))
    return min(1.0, (middle + spread) / (1 + square / total))


def rank_of(quantile: float, total: int) -> int:
    """Return the place, from 1, of the value in order that lies above a quantile with a confidence of 99 %.

    With few values that is the largest, which lies above it with a confidence of ``1 - quantile ** total`` only.

    Source: the binomial confidence limits of a quantile, W. J. Conover, "Practical Nonparametric Statistics", in the
    normal approximation.
    """
    place = quantile * total + _Z * math.sqrt(quantile * (1 - quantile) * total)
    return min(total, math.ceil(place))
