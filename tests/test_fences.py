"""What lives where: the fences that import contracts can't express, read off the source itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "carafe"
MODULES = sorted(PACKAGE.rglob("*.py"))
MOST_LINES = 400
HTTP_ROOMS = {"web", "protocols"}
STATUSES = {401, 403, 404, 405, 406, 409, 410, 413, 415, 422, 429, 502, 503, 504}
"""Numbers that hardly mean anything but an HTTP status. 400 and 500 may count something else."""

each_module = pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@each_module
def test_a_file_has_at_most_400_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


@each_module
def test_only_settings_reads_the_environment(path: Path) -> None:
    if room_of(path) == "settings":
        return
    readers = {"os.environ", "os.environb", "os.getenv", "os.putenv"}
    used = {
        f"os.{node.attr}"
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os"
    }
    assert not readers & (used | set(imported(path)))


@each_module
def test_http_status_numbers_appear_only_in_web_and_protocols(path: Path) -> None:
    if room_of(path) in HTTP_ROOMS:
        return
    numbers = {node.value for node in ast.walk(parsed(path)) if isinstance(node, ast.Constant) and _whole(node.value)}
    assert not STATUSES & numbers
    assert not any(name.startswith("http.HTTPStatus") for name in imported(path))


@each_module
def test_sqlalchemy_is_imported_only_in_database_and_in_files_named_sql(path: Path) -> None:
    if room_of(path) == "database" or path.stem.endswith("_sql"):
        return
    assert not [name for name in imported(path) if name.partition(".")[0] in {"sqlalchemy", "alembic"}]


@each_module
def test_nothing_unpickles(path: Path) -> None:
    loaders = {"pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}
    assert not [name for name in imported(path) if name.partition(".")[0] in loaders]


@each_module
def test_nothing_is_evaluated(path: Path) -> None:
    calls = (node.func for node in ast.walk(parsed(path)) if isinstance(node, ast.Call))
    assert not [func.id for func in calls if isinstance(func, ast.Name) and func.id in {"eval", "exec"}]


@each_module
def test_every_comment_is_finished_work(path: Path) -> None:
    words = ("TO" + "DO", "FIX" + "ME", "X" * 3)
    assert not [word for word in words if word in path.read_text(encoding="utf-8")]


def test_starting_the_command_and_the_web_imports_no_training_library() -> None:
    heavy = ["sklearn", "polars", "pandas", "pyarrow", "lightgbm", "skops", "scipy", "narwhals"]
    rooms = [room for room in ("cli", "web", "serving", "registry") if (PACKAGE / room).is_dir()]
    program = "import sys\n" + "\n".join(f"import carafe.{room}" for room in rooms)
    program += f"\nprint(*[name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
