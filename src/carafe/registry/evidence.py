"""Whether what was counted so far shows that one rate is above another, however often one looks while it is counted."""

from __future__ import annotations

import math

DOUBT = 1e-4
"""How probable it is at most, over a whole step, that a rate within its bound is held for one beyond it."""

_Z = 2.326
"""The normal quantile of 99 %, for one-sided bounds."""

_ALTERNATIVES = (0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95)
"""Which part of the way from the bound to 1 the rates lie that are weighed against it."""


def beyond(hits: int, total: int, bound: float, *, than: tuple[int, int] | None = None, doubt: float = DOUBT) -> bool:
    """Tell whether ``hits`` of ``total`` show that the rate behind them is above a bound, and above another rate.

    It may be asked after every single request, whichever of the two each of them went to: looking often makes no
    mistake more probable. It weighs the likelihood of several higher rates, beside whatever the other rate may be,
    against the largest likelihood of any two rates of which the first is within the bound or no higher than the second.
    While that is so, the former over that of the true rates is a martingale that begins at 1, and the latter is no
    smaller than that of the true rates: so the ratio ever reaches 1 / ``doubt`` with a probability of at most
    ``doubt``. How little is known of the other rate needs no estimate, it is in its likelihood.

    Beside 2,000 requests of the other that all went well, a bound of 1 % is shown to be broken by 3 hits of 3, by 5 of
    20, by 30 of 1,000.

    Args:
        hits: how often it happened.
        total: of how many.
        bound: the rate that is allowed in any case. One of nothing is broken by any hit, unless the other has some.
        than: how often it happened where the other rate is behind it, and of how many; None where there is no other.
        doubt: how probable a mistake may be.

    Source: sequential probability ratios, A. Wald, "Sequential Tests of Statistical Hypotheses" (1945); their mixtures,
    H. Robbins, "Statistical Methods Related to the Law of the Iterated Logarithm" (1970); the inequality, J. Ville
    (1939); the largest likelihood below the ratio, L. Wasserman, A. Ramdas, S. Balakrishnan, "Universal Inference"
    (2020); the mixture for the other rate, R. Krichevsky, V. Trofimov, "The Performance of Universal Encoding" (1981).
    """
    other, of = than or (0, 0)
    if bound <= 0 and not other:
        return hits > 0
    if hits <= bound * total or (than is not None and hits * of <= other * total):
        return False
    some = _mean([_log_likelihood(hits, total, bound + (1 - bound) * part) for part in _ALTERNATIVES])
    higher = _mean([some, _krichevsky_trofimov(hits, total)])  # many requests tell rates apart that lie between these
    within = _log_likelihood(hits, total, bound)
    if than is None:
        return higher - within >= -math.log(doubt)
    within += _log_likelihood(other, of, other / of if of else 0.0)
    both = (hits + other) / (total + of)
    alike = _log_likelihood(hits, total, both) + _log_likelihood(other, of, both)
    # Half of the weight is on a rate of nothing, by which nothing is lost where the other rate has no hits.
    whatever = _mean([-math.inf if other else 0.0, _krichevsky_trofimov(other, of)])
    return higher + whatever - max(within, alike) >= -math.log(doubt)


def _log_likelihood(hits: int, total: int, rate: float) -> float:
    """Return the logarithm of the probability of what was counted, in its order, where the rate is this."""
    missed = total - hits
    if (hits and rate <= 0) or (missed and rate >= 1):
        return -math.inf
    return (hits * math.log(rate) if hits else 0.0) + (missed * math.log1p(-rate) if missed else 0.0)


def _krichevsky_trofimov(hits: int, total: int) -> float:
    """Return the logarithm of the mean probability of what was counted, over all rates, those near 0 and 1 foremost."""
    return math.lgamma(hits + 0.5) + math.lgamma(total - hits + 0.5) - math.lgamma(total + 1) - math.log(math.pi)


def _mean(logs: list[float]) -> float:
    """Return the logarithm of a mean, without ever leaving the range of a float."""
    largest = max(logs)
    return largest + math.log(sum(math.exp(log - largest) for log in logs) / len(logs))


def at_most(hits: int, total: int) -> float:
    """Return the rate that is not exceeded with a confidence of 99 %: the upper end of Wilson's score interval.

    Source: E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference" (1927).
    """
    if not total:
        return 1.0
    rate, square = hits / total, _Z * _Z
    middle = rate + square / (2 * total)
    spread = _Z * math.sqrt(rate * (1 - rate) / total + square / (4 * total * total))
    return min(1.0, (middle + spread) / (1 + square / total))
