from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from carafe.cli import main, training
from carafe.registry import open_registry
from carafe.settings import Settings


@pytest.mark.parametrize("command", [("models",), ("keys", "list"), ("promote", "houses@1")])
def test_a_home_that_can_not_be_used_is_told_with_what_to_do(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARAFE_HOME", str(_file(tmp_path)))
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 1
    assert "[storage-unavailable]" in done.stderr
    assert "is a file, expected a folder: set CARAFE_HOME to another name" in done.stderr


def test_a_home_that_can_not_be_used_is_told_before_anything_is_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARAFE_HOME", str(_file(tmp_path)))
    monkeypatch.setattr(training, "train", lambda *_, **__: pytest.fail("trained for nothing"))
    table = tmp_path / "table.csv"
    table.write_text("x,y\n1,2\n")
    done = CliRunner().invoke(main, ("train", str(table), "--target", "y"))
    assert done.exit_code == 1
    assert "[storage-unavailable]" in done.stderr


def test_a_recipe_that_can_not_be_written_is_told_without_a_traceback(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("x,y\n" + "".join(f"{x},{x * x}\n" for x in range(30)))
    done = CliRunner().invoke(main, ("init", str(table), "--target", "y", "-o", str(tmp_path / "nowhere" / "r.toml")))
    assert done.exit_code == 2
    assert "can't be written (No such file or directory): -o names another file" in done.stderr


@pytest.mark.parametrize("command", [("models",), ("keys", "create", "--role", "reader")])
def test_an_output_that_takes_no_more_is_told_without_a_traceback(command: tuple[str, ...], tmp_path: Path) -> None:
    environ = os.environ | {"CARAFE_HOME": str(tmp_path / "home")}
    open_registry(Settings(home=tmp_path / "home")).close()
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "carafe", *command],
            env=environ,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.startswith(
        "carafe: The output can't be written [output-unavailable]\n  standard output can't be"
    )
    assert "Traceback" not in done.stderr


def test_what_a_terminal_would_obey_in_a_file_is_not_printed_with_an_error(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("x\x1b]0;mine\x07,y\n1,2\n")
    done = CliRunner().invoke(main, ("inspect", str(table), "--target", "z"))
    assert done.exit_code == 1
    assert "it has: x\N{REPLACEMENT CHARACTER}]0;mine" in done.stderr
    assert "\x1b" not in done.output


def _file(folder: Path) -> Path:
    home = folder / "home"
    home.write_text("no folder")
    return home
