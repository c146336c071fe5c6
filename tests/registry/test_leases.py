from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from carafe.registry.leases import Leases
from carafe.registry.store_cache import ArtefactCache

ONE, OTHER = "1" * 32, "2" * 32


def ended(act: Callable[[], object]) -> bool:
    """Tell whether another thread can do something now, without waiting for this one."""
    thread = Thread(target=act, daemon=True)
    thread.start()
    thread.join(3)
    return not thread.is_alive()


def test_what_is_held_can_not_be_claimed_until_it_is_let_go(tmp_path: Path) -> None:
    leases, others = Leases(tmp_path / "leases"), Leases(tmp_path / "leases")
    held = leases.hold(ONE, tmp_path)
    with leases.claimed(ONE) as mine, others.claimed(ONE) as theirs:
        assert not mine
        assert not theirs
    with others.claimed(OTHER) as free:
        assert free
    del held
    with leases.claimed(ONE) as mine:
        assert mine
    leases.close()
    others.close()


def test_what_a_process_held_is_free_when_it_ends_though_its_children_live(tmp_path: Path) -> None:
    leases = Leases(tmp_path / "leases")
    held = leases.hold(ONE, tmp_path)
    ready, over = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        del held
        leases.hold(OTHER, tmp_path)
        os.write(ready[1], b"1")
        os.read(over[0], 1)
        os._exit(0)
    assert os.read(ready[0], 1) == b"1"
    leases.close()  # as the kernel does at this process's end
    others = Leases(tmp_path / "leases")
    with others.claimed(ONE) as free:
        assert free
    others.close()
    os.write(over[1], b"1")
    assert os.waitpid(child, 0)[1] == 0
    del held


def test_nobody_waits_while_a_dropped_copy_is_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache, found = ArtefactCache(tmp_path, most_bytes=1000), list[bool]()
    (tmp_path / "kept" / ONE).mkdir()
    rmtree = shutil.rmtree

    def slowly(folder: Path, *, ignore_errors: bool) -> None:
        found.append(ended(lambda: cache.find(OTHER)))
        rmtree(folder, ignore_errors=ignore_errors)

    monkeypatch.setattr(shutil, "rmtree", slowly)
    assert cache.drop(ONE)
    assert found == [True]
    assert list((tmp_path / "kept").iterdir()) == []
    assert cache.area.count() == 0
    cache.close()
