"""What every Limiter must do."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from carafe.access.limiter import Limiter
from carafe.access.rate import Rate

MakeLimiter = Callable[[], Limiter]

_AN_HOUR = Rate(requests=20, seconds=3600)


def a_rested_caller_may_ask_everything_at_once(make: MakeLimiter) -> None:
    """All that a limit allows passes, and then nothing."""
    limiter = make()
    assert [limiter.take("ann", _AN_HOUR) for _ in range(20)] == [0.0] * 20
    wait = limiter.take("ann", _AN_HOUR)
    assert 0 < wait <= 2 * _AN_HOUR.seconds


def callers_do_not_share_a_limit(make: MakeLimiter) -> None:
    """What one asks leaves the others alone."""
    limiter = make()
    for caller in ("ann", "bob", "Ann", "é", "a" * 200):
        assert [limiter.take(caller, _AN_HOUR) for _ in range(20)] == [0.0] * 20
        assert limiter.take(caller, _AN_HOUR) > 0


def what_is_refused_is_not_counted(make: MakeLimiter) -> None:
    """However often one tries, the wait does not grow."""
    limiter = make()
    for _ in range(20):
        limiter.take("ann", _AN_HOUR)
    waits = [limiter.take("ann", _AN_HOUR) for _ in range(50)]
    assert waits == sorted(waits, reverse=True)


def whoever_waits_as_long_as_was_said_is_let_through(make: MakeLimiter) -> None:
    """The wait is long enough, and not much too long."""
    limiter, rate = make(), Rate(requests=5, seconds=1)
    while not (wait := limiter.take("ann", rate)):
        pass
    assert wait <= 2
    time.sleep(wait + 0.01)
    assert limiter.take("ann", rate) == 0


def threads_that_ask_at_once_get_no_more_than_one(make: MakeLimiter) -> None:
    """Of a hundred requests at once as many pass as the limit says."""
    limiter = make()
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda _: limiter.take("ann", _AN_HOUR), range(100)))
    assert waits.count(0.0) == 20


def over_several_stretches_the_limit_is_true(make: MakeLimiter) -> None:
    """A caller who never stops asking gets what the limit says, within a twentieth."""
    limiter, rate, seconds = make(), Rate(requests=100, seconds=1), 3
    began = time.monotonic()
    passed = 0
    while time.monotonic() < began + seconds:
        passed += limiter.take("ann", rate) == 0
        time.sleep(0.0005)
    lasted = time.monotonic() - began
    assert 0.95 * 100 * int(lasted) <= passed <= 1.05 * 100 * lasted


LIMITER_CHECKS: tuple[Callable[[MakeLimiter], None], ...] = (
    a_rested_caller_may_ask_everything_at_once,
    callers_do_not_share_a_limit,
    what_is_refused_is_not_counted,
    whoever_waits_as_long_as_was_said_is_let_through,
    threads_that_ask_at_once_get_no_more_than_one,
    over_several_stretches_the_limit_is_true,
)


def check_limiter(make: MakeLimiter) -> None:
    """Run every check, each on a fresh limiter; raise AssertionError at the first broken promise."""
    for check in LIMITER_CHECKS:
        check(make)
