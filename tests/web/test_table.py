from __future__ import annotations

import tracemalloc

from carafe.web.routes import ROUTES
from carafe.web.table import MEMORABLE, REMEMBERED, Matcher


def test_a_path_is_matched_alike_whether_it_is_remembered_or_not() -> None:
    matcher = Matcher(ROUTES)
    for name in ("houses", "n" * MEMORABLE):
        for _ in range(2):
            found = matcher.match(f"/models/{name}/predict")
            assert found is not None
            assert found[1] == {"name": name}


def test_paths_that_anybody_may_think_of_take_no_memory_worth_speaking_of() -> None:
    matcher = Matcher(ROUTES)
    tracemalloc.start()
    for number in range(2 * REMEMBERED):
        matcher.match(f"/models/{number:010000}/predict")
        matcher.match(f"/models/{number:0200}/predict")
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 8 * 1024**2
