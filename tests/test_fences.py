"""What lives where: the fences that import contracts can't express, read off the source itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "carafe"
MODULES = sorted(PACKAGE.rglob("*.py"))
MOST_LINES = 400
HTTP_ROOMS = {"web", "protocols"}
STATUSES = {401, 403, 404, 405, 406, 409, 410, 413, 415, 422, 429, 502, 503, 504}
"""Numbers that hardly mean anything but an HTTP status. 400 and 500 may count something else."""

ENVIRONMENT = {"os.environ", "os.environb", "os.getenv", "os.putenv"}
DATABASE = {"sqlalchemy", "alembic"}
UNPICKLERS = {"pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def imported(path: Path) -> Iterator[str]:
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imports_any(path: Path, packages: set[str]) -> bool:
    return any(name.partition(".")[0] in packages for name in imported(path))


def reads_environment(path: Path) -> bool:
    attributes = (node for node in nodes(path) if isinstance(node, ast.Attribute))
    used = {f"os.{node.attr}" for node in attributes if isinstance(node.value, ast.Name) and node.value.id == "os"}
    return bool(ENVIRONMENT & (used | set(imported(path))))


def speaks_http(path: Path) -> bool:
    numbers = {node.value for node in nodes(path) if isinstance(node, ast.Constant) and type(node.value) is int}
    return bool(STATUSES & numbers) or any(name.startswith("http.HTTPStatus") for name in imported(path))


def evaluates(path: Path) -> bool:
    calls = (node.func for node in nodes(path) if isinstance(node, ast.Call))
    return any(isinstance(called, ast.Name) and called.id in {"eval", "exec"} for called in calls)


def test_no_file_is_longer_than_400_lines() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert not {str(path): length for path, length in lengths.items() if length > MOST_LINES}


def test_only_settings_reads_the_environment() -> None:
    assert [room_of(path) for path in MODULES if reads_environment(path)] == ["settings"]


def test_http_status_numbers_appear_only_in_web_and_protocols() -> None:
    assert not [path for path in MODULES if speaks_http(path) and room_of(path) not in HTTP_ROOMS]


def test_sqlalchemy_is_imported_only_in_database_and_in_files_named_sql() -> None:
    outside = [path for path in MODULES if room_of(path) != "database" and not path.stem.endswith("_sql")]
    assert not [path for path in outside if imports_any(path, DATABASE)]


def test_what_speaks_to_servers_of_an_extra_is_imported_in_the_file_named_after_it() -> None:
    for library in ("redis", "psycopg", "obstore"):
        assert all(path.stem.endswith(f"_{library}") for path in MODULES if imports_any(path, {library}))


def test_nothing_unpickles() -> None:
    assert not [path for path in MODULES if imports_any(path, UNPICKLERS)]


def test_nothing_is_evaluated_but_functions_made_of_slot_numbers() -> None:
    made = PACKAGE / "models" / "lowering" / "source.py"
    assert [path for path in MODULES if evaluates(path)] == [made]


def test_no_work_is_left_in_comments() -> None:
    words = ("TO" + "DO", "FIX" + "ME", "X" * 3)
    assert not [path for path in MODULES if any(word in path.read_text(encoding="utf-8") for word in words)]


def test_starting_the_command_and_the_service_imports_no_training_library() -> None:
    heavy = ["sklearn", "polars", "pandas", "pyarrow", "lightgbm", "skops", "scipy", "narwhals", "psycopg", "obstore"]
    rooms = [room for room in ("cli", "web", "serving", "registry") if (PACKAGE / room).is_dir()]
    program = "import sys\n" + "\n".join(f"import carafe.{room}" for room in rooms)
    program += f"\nprint(*[name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
