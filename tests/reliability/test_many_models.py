"""A thousand models in one server, within a bounded memory."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from carafe.schema import ModelRef
from reliability.processes import Holding
from reliability.report import report
from reliability.slopes import COMPILED, Home, make_home
from web.servers import Server, running

MIB = 1024**2
LIMIT = 4 * MIB
"""Bytes, by the estimate: about a hundred of these models."""

LIMITS = {"CARAFE_MAX_LOADED": "100000", "CARAFE_MAX_LOADED_BYTES": str(LIMIT), "CARAFE_PINNED": "model-0000"}


def names(count: int) -> list[str]:
    return [f"model-{number:04}" for number in range(count)]


def many(folder: Path, *, models: int) -> Home:
    """Register one model under many names, each with files of its own."""
    home = make_home(folder / "home", versions=1)
    with home.registry() as registry:
        registry.export(ModelRef(name=COMPILED), folder / "model.carafe")
        for name in names(models):
            registry.import_(folder / "model.carafe", name)
    return home


def ask_each(server: Server, models: int) -> list[float]:
    """Ask every model once; return how long each answer took, in seconds."""
    taken = []
    for name in names(models):
        began = time.perf_counter()
        status, sent, body = server.ask("POST", f"/models/{name}/predict", b"[2.0]")
        taken.append(time.perf_counter() - began)
        assert (status, sent["X-Carafe-Model"]) == (200, f"{name}@1"), body
        assert abs(json.loads(body)["prediction"] - 2) < 1e-9
    return taken


def loaded_bytes(server: Server) -> dict[str, float]:
    """Return what ``/metrics`` says that each loaded version takes."""
    _, _, body = server.ask("GET", "/metrics")
    found = re.findall(r'^carafe_loaded_bytes\{model="([^"]*)",version="1"\} (\S+)', body.decode(), re.MULTILINE)
    return {name: float(size) for name, size in found}


def test_hundreds_of_models_answer_within_the_bytes_that_may_be_loaded(tmp_path: Path) -> None:
    home = many(tmp_path, models=150)
    limits = LIMITS | {"CARAFE_MAX_LOADED_BYTES": str(MIB)}
    with running("carafe", tmp_path, home=home.path, key=home.key, environ=limits) as server:
        ask_each(server, 150)
        ask_each(server, 5)
        taken = loaded_bytes(server)
        detail = json.loads(server.ask("GET", "/models/model-0000")[2])
    assert 10 < len(taken) < 40
    assert sum(taken.values()) <= MIB
    assert {"model-0000", "model-0004", "model-0149"} <= set(taken)
    assert "model-0100" not in taken
    assert [(one["pinned"], one["bytes"]) for one in detail["loaded"]] == [(True, taken["model-0000"])]


@pytest.mark.long
def test_a_thousand_models_are_asked_twice_within_a_bounded_memory(tmp_path: Path) -> None:
    home = many(tmp_path, models=1000)
    with running("carafe", tmp_path, home=home.path, key=home.key, environ=LIMITS) as server:
        first = sorted(ask_each(server, 1000))
        once = Holding.of(server.workers)
        ask_each(server, 1000)
        twice = Holding.of(server.workers)
        taken = loaded_bytes(server)
    assert sum(taken.values()) <= LIMIT
    asked = (
        f"1,000 models in one worker that keeps {LIMIT // MIB} MiB loaded, each asked over a new connection, twice: 0 "
        f"failed; a first answer, load included, took {1000 * first[500]:.0f} ms in the median and "
        f"{1000 * first[990]:.0f} ms at the 99th percentile."
    )
    held = (
        f"After the first round {once.memory / MIB:.1f} MiB and {once.descriptors} descriptors, after the second "
        f"{twice.memory / MIB:.1f} MiB and {twice.descriptors}; {len(taken)} versions loaded, of "
        f"{sum(taken.values()) / MIB:.1f} MiB by the estimate."
    )
    report("models", [asked, held])
    assert twice.memory < once.memory + 4 * MIB
    assert twice.descriptors <= once.descriptors
