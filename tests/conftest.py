"""What every test may ask for."""

from __future__ import annotations

import ctypes
import os
import shutil
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from own_postgres import OwnPostgres
    from own_s3 import OwnS3

settings.register_profile("carafe", deadline=None)  # a busy machine is slow, not wrong
settings.load_profile("carafe")

ROOT = Path(__file__).resolve().parent.parent


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


SYSTEM: dict[str, tuple[Callable[[], bool], str]] = {
    "curl": (lambda: shutil.which("curl") is not None, "the pages' commands ask with it"),
    "redis-server": (lambda: shutil.which("redis-server") is not None, "answers are shared through it"),
    "prometheus": (lambda: shutil.which("promtool") is not None, "its promtool checks what /metrics tells"),
    "libgomp1": (lambda: _loads("libgomp.so.1"), "LightGBM computes with it"),
    "postgresql": (lambda: any(Path("/usr/lib/postgresql").glob("*/bin/postgres")), "several machines share it"),
    "nginx": (lambda: shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") is not None, "it is put in front"),
    "strace": (lambda: shutil.which("strace") is not None, "it makes chosen system calls fail"),
    "wrk": (lambda: shutil.which("wrk") is not None, "the benchmarks load servers with it"),
}
"""The system packages that tests may need, how to tell whether one is there, and what for."""


def skip_or_fail(reason: str) -> None:
    """Skip the test where a component is missing; in CI nothing may be missing, so fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"missing in CI: {reason}")
    pytest.skip(reason)


def need(package: str) -> None:
    """Skip the test where this system package is absent; in CI, fail."""
    there, reason = SYSTEM[package]
    if not there():
        skip_or_fail(f"the system package {package} is not installed: {reason}")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let whoever has less than two hours say how long the long soak is to take."""
    parser.addoption("--soak-minutes", default="120", help="how many minutes the long soak of tests/reliability takes")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test marked ``needs`` where one of its system packages is absent."""
    for mark in item.iter_markers("needs"):
        for package in mark.args:
            need(package)


@pytest.fixture(scope="session")
def lightgbm() -> Any:  # noqa: ANN401 - a module without types
    """Return LightGBM, which can't be imported without its system package."""
    need("libgomp1")
    return import_module("lightgbm")


@pytest.fixture(scope="session")
def real_table() -> Callable[[str], Path]:
    """Return a function that finds a real table by file name, in CARAFE_TEST_DATA or ../shared/data."""
    folder = Path(os.environ.get("CARAFE_TEST_DATA", ROOT.parent / "shared" / "data"))

    def find(name: str) -> Path:
        path = folder / name
        if not path.exists():
            skip_or_fail(f"no {name} in {folder}: set CARAFE_TEST_DATA to a folder with the real tables")
        return path

    return find


@pytest.fixture(scope="session")
def postgres() -> Iterator[OwnPostgres]:
    """Give a PostgreSQL server of this session's own."""
    need("postgresql")
    with import_module("own_postgres").own_postgres() as server:  # which needs a driver that few tests do
        yield server


@pytest.fixture
def postgres_url(postgres: OwnPostgres) -> str:
    """Return the URL of a new database with every table and nothing in them."""
    return postgres.prepared()


@pytest.fixture(scope="session")
def s3() -> Iterator[OwnS3]:
    """Give an S3-compatible server of this session's own."""
    with import_module("own_s3").own_s3() as server:
        yield server
