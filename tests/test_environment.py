"""What ``scripts/environment.sh`` does on machines other than this one, played with stand-ins on PATH."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT

BASH = shutil.which("bash") or "/bin/bash"
COMMANDS = ("id", "cat", "cksum", "tr", "rm", "mktemp", "mkdir", "tail", "grep")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A checkout on a machine with the plainest commands and no Python."""
    for folder in ("bin", "scripts", "requirements"):
        (tmp_path / folder).mkdir()
    for name in COMMANDS:
        offer(tmp_path, name, f'exec {shutil.which(name)} "$@"')
    return tmp_path


def offer(machine: Path, name: str, script: str) -> None:
    """Put a command on the machine's PATH: a script of its own, never a link to a real one, so that none is harmed."""
    path = machine / "bin" / name
    path.write_text(f"#!{BASH}\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


def call(machine: Path, function: str) -> subprocess.CompletedProcess[str]:
    program = f". {ROOT}/scripts/environment.sh; {function}"
    return subprocess.run(
        [BASH, "-euo", "pipefail", "-c", program],
        cwd=machine,
        env={"PATH": str(machine / "bin"), "HOME": str(machine)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_a_python_it_says_what_to_install(machine: Path) -> None:
    done = call(machine, "make_venv")
    assert done.returncode == 1
    assert "no Python of 3.11 or later on PATH" in done.stderr
    assert "apt-get install python3 python3-venv" in done.stderr


def test_a_python_that_is_too_old_is_passed_over(machine: Path) -> None:
    offer(machine, "python3", "exit 1")
    assert call(machine, "find_python").returncode == 1
    offer(machine, "python3.12", f'exec {sys.executable} "$@"')
    assert call(machine, "find_python").stdout == f"{machine}/bin/python3.12\n"


def test_an_ordinary_user_without_ensurepip_is_told_what_is_missing(machine: Path) -> None:
    offer(machine, "id", "echo 1000")
    offer(machine, "python3", 'case "$1" in -c) exit 0 ;; --version) echo Python 3.11.2 ;; *) exit 1 ;; esac')
    done = call(machine, "make_venv")
    assert done.returncode == 1
    assert "python3-venv" in done.stderr
    assert "uv" in done.stderr
    assert not (machine / ".venv").exists()


def test_root_is_given_what_ensurepip_needs_by_apt(machine: Path) -> None:
    offer(machine, "id", "echo 0")
    offer(machine, "env", f'exec {shutil.which("env")} "$@"')
    offer(machine, "apt-get", 'case " $* " in *" python3-venv "*) echo yes >installed ;; esac')
    offer(machine, "python3", 'case "$1" in -c) exit 0 ;; --version) echo Python 3.11.2 ;; *) cat installed ;; esac')
    done = call(machine, "make_venv")
    assert done.returncode == 0, done.stderr
    assert "installing with apt: python3-venv" in done.stdout


def test_an_environment_at_the_lock_is_left_alone(machine: Path) -> None:
    (machine / ".venv" / "bin").mkdir(parents=True)
    offer(machine, "python3", "exit 0")
    (machine / ".venv" / "bin" / "python").symlink_to(machine / "bin" / "python3")
    for name in ("requirements/train.txt", "requirements/dev.txt", "requirements/build.txt", "pyproject.toml"):
        (machine / name).write_text("a==1\n", encoding="utf-8")
    stamp = "digest dev >.venv/carafe-dev"
    assert call(machine, f"install train; {stamp}").stdout.startswith("  installing about 1 packages")
    assert call(machine, "install train").stdout == ""
    (machine / "requirements/dev.txt").write_text("a==2\n", encoding="utf-8")
    (machine / "requirements/train.txt").write_text("a==2\n", encoding="utf-8")
    assert "installing" in call(machine, "install train").stdout


def test_a_failing_install_shows_the_end_of_its_log(machine: Path) -> None:
    (machine / ".venv" / "bin").mkdir(parents=True)
    offer(machine, "python3", 'case " $* " in *" install "*) echo no space left; exit 1 ;; esac')
    (machine / ".venv" / "bin" / "python").symlink_to(machine / "bin" / "python3")
    for name in ("requirements/train.txt", "requirements/dev.txt", "requirements/build.txt", "pyproject.toml"):
        (machine / name).write_text("a==1\n", encoding="utf-8")
    done = call(machine, "install train")
    assert done.returncode == 1
    assert "no space left" in done.stderr
    assert "the whole log is in .venv-setup.log" in done.stderr


def test_the_scripts_do_not_depend_on_the_folder_they_are_called_from(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(ROOT / "scripts" / "demo"), "--twice"], cwd=tmp_path, env=os.environ, capture_output=True, check=False
    )
    assert b"usage" in done.stderr
