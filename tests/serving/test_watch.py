from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from typing import Any

import pytest

from carafe.registry import Promotion, memory_registry
from carafe.schema import ModelRef
from carafe.serving import Catalog, Watch
from served import load_rule, publish_rule

HOUSES = ModelRef.parse("houses")


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_watched_catalog_warms_up_and_follows_promotions() -> None:
    registry = memory_registry()
    publish_rule(registry, "houses", "houses")
    catalog = Catalog(registry=registry, load=load_rule)
    watch = Watch(catalog, interval=0.01)
    watch.ensure()
    watch.ensure()
    wait_until(lambda: catalog.readiness().state == "ready" and catalog.readiness().loaded == 1)
    publish_rule(registry, "houses", "cheap houses", promote=Promotion.ALWAYS)
    wait_until(lambda: catalog.get(HOUSES).number == 2)
    watch.stop()
    registry.close()


def test_who_asked_is_told_once_the_champions_are_loaded() -> None:
    registry = memory_registry()
    publish_rule(registry, "houses", "houses")
    catalog = Catalog(registry=registry, load=load_rule)
    seen: list[int] = []
    watch = Watch(catalog, interval=0.01)
    watch.ensure(warmed=lambda: seen.append(catalog.readiness().loaded))
    wait_until(lambda: bool(seen))
    time.sleep(0.05)
    watch.stop()
    registry.close()
    assert seen == [1]


def _in_child(queue: Any, watch: Watch, catalog: Catalog) -> None:  # noqa: ANN401 - multiprocessing's own queue
    watch.ensure()
    wait_until(lambda: catalog.readiness().state == "ready")
    queue.put(True)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # what servers do, warned of from Python 3.12 on
def test_a_forked_child_watches_for_itself() -> None:
    registry = memory_registry()
    catalog = Catalog(registry=registry, load=load_rule)
    watch = Watch(catalog, interval=0.01)
    watch.ensure()
    watch.stop()
    fresh = Catalog(registry=registry, load=load_rule)
    watch = Watch(fresh, interval=0.01)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_in_child, args=(queue, watch, fresh))
    child.start()
    assert queue.get(timeout=20)
    child.join(10)
    assert child.exitcode == 0
    watch.stop()
    registry.close()
