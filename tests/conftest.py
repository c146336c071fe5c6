"""What every test may ask for."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def skip_or_fail(reason: str) -> None:
    """Skip the test where a component is missing; in CI nothing may be missing, so fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"missing in CI: {reason}")
    pytest.skip(reason)


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
