"""What every AnswerCache must do."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from carafe.serving.cache import Answer, AnswerCache

MakeCache = Callable[[], AnswerCache]
"""Returns an empty cache that keeps answers for one second."""

SECONDS = 1
"""For how long the caches that are checked keep answers."""


def key(number: int) -> bytes:
    """Return a key as the door makes them: 32 bytes."""
    return number.to_bytes(32, "big")


def an_empty_cache_has_nothing(make: MakeCache) -> None:
    """Each key is answered with None; no keys with nothing."""
    cache = make()
    assert cache.find([key(1), key(2)]) == [None, None]
    assert cache.find([]) == []


def an_answer_comes_back_as_it_was(make: MakeCache) -> None:
    """Floats to the last bit, classes as whole numbers, probabilities or none."""
    answers: dict[bytes, Answer] = {
        key(1): (0.1 + 0.2, None),
        key(2): (-0.0, None),
        key(3): (2, (0.25, 0.5, 0.25)),
        key(4): (1e-310, ()),
        key(5): (math.inf, None),
        key(6): (3.0, None),
    }
    cache = make()
    cache.keep(answers)
    found = cache.find(list(answers))
    assert found == list(answers.values())
    assert list(map(repr, found)) == list(map(repr, answers.values()))


def answers_come_in_the_order_of_their_keys(make: MakeCache) -> None:
    """What is not there leaves its place empty; a key may be asked twice."""
    cache = make()
    cache.keep({key(1): (1.0, None), key(2): (2.0, None)})
    assert cache.find([key(2), key(9), key(1), key(2)]) == [(2.0, None), None, (1.0, None), (2.0, None)]


def the_later_answer_stays(make: MakeCache) -> None:
    """An answer under a key that has one takes its place."""
    cache = make()
    cache.keep({key(1): (1.0, None)})
    cache.keep({key(1): (2.0, None)})
    assert cache.find([key(1)]) == [(2.0, None)]


def an_answer_is_forgotten_when_its_time_is_over(make: MakeCache) -> None:
    """Looking at it does not make it last longer."""
    cache = make()
    cache.keep({key(1): (1.0, None)})
    end = time.monotonic() + SECONDS + 0.5
    while time.monotonic() < end:
        cache.find([key(1)])
        time.sleep(0.05)
    assert cache.find([key(1)]) == [None]


def threads_may_use_it_at_once(make: MakeCache) -> None:
    """What threads keep and find at once is never mixed up."""
    cache = make()

    def use(number: int) -> bool:
        cache.keep({key(number): (float(number), None)})
        return cache.find([key(number)])[0] in {None, (float(number), None)}

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(use, range(200)))


ANSWER_CACHE_CHECKS: tuple[Callable[[MakeCache], None], ...] = (
    an_empty_cache_has_nothing,
    an_answer_comes_back_as_it_was,
    answers_come_in_the_order_of_their_keys,
    the_later_answer_stays,
    an_answer_is_forgotten_when_its_time_is_over,
    threads_may_use_it_at_once,
)


def check_answer_cache(make: MakeCache) -> None:
    """Run every check, each on a fresh cache that keeps answers for a second; raise AssertionError where one fails."""
    for check in ANSWER_CACHE_CHECKS:
        check(make)
