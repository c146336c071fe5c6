"""What an engineer who inherits the checkout relies on before reading a line of code."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
LOCKED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", re.MULTILINE)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]

each_lock = pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)


def versions(name: str) -> dict[str, set[str]]:
    """Each locked package with its versions: one, or several for different Pythons."""
    found: dict[str, set[str]] = {}
    for package, version in LOCKED.findall((ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")):
        found.setdefault(package, set()).add(version)
    return found


@each_lock
def test_a_lock_names_no_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert not re.findall(r"https?:|file:|--(?:extra-)?index-url|--find-links", text)


@each_lock
def test_every_locked_package_has_its_hashes(lock: Path) -> None:
    entries = re.split(r"\n(?=[a-z0-9])", lock.read_text(encoding="utf-8"))
    assert not [entry.partition("\n")[0] for entry in entries if "--hash=sha256:" not in entry]


@pytest.mark.parametrize(
    ("lock", "declared"),
    [
        ("serve", PROJECT["dependencies"]),
        ("train", PROJECT["dependencies"] + EXTRAS["train"]),
        ("dev", PROJECT["dependencies"] + EXTRAS["train"] + EXTRAS["pandas"] + EXTRAS["dev"]),
    ],
)
def test_a_lock_holds_what_the_project_declares(lock: str, declared: list[str]) -> None:
    locked = versions(lock)
    wanted = [Requirement(text) for text in declared if not text.startswith("carafe-serve")]
    for requirement in wanted:
        assert locked.get(requirement.name), f"{requirement.name} is not in {lock}.txt: run scripts/lock"
        assert all(requirement.specifier.contains(version) for version in locked[requirement.name]), requirement


@pytest.mark.parametrize("lock", ["serve", "train"])
def test_what_is_served_is_what_was_tested(lock: str) -> None:
    tested = versions("dev")
    assert not {package for package, found in versions(lock).items() if not found <= tested.get(package, set())}


def test_serving_needs_no_training_library() -> None:
    assert not versions("serve").keys() & {"scikit-learn", "polars", "pandas", "lightgbm", "skops", "scipy"}


def test_every_dependency_has_a_capped_or_calendar_version() -> None:
    everything = PROJECT["dependencies"] + [text for extra in EXTRAS.values() for text in extra]
    uncapped = {Requirement(text).name for text in everything if "<" not in text} - {"carafe-serve"}
    assert uncapped <= {"furo"}


@pytest.mark.parametrize(
    "script", ["scripts/demo", "scripts/docs", "scripts/test", "scripts/lock", "benchmarks/run", ".ci/run"]
)
def test_a_script_is_executable(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
