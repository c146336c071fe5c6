"""An environment of its own for every peer, made once and again when its requirements change."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.options import ENVIRONMENTS

INSTALL_SECONDS = 1800


class NotInstalled(Exception):
    """Raised when a peer's environment can't be made; says what the installer said last."""


def python_of(name: str, requirements: Path) -> Path:
    """Return the Python of the environment ``name``, in which ``requirements`` are installed.

    Raises:
        NotInstalled: when the environment can't be made.
    """
    folder = ENVIRONMENTS / name
    python, stamp = folder / "bin" / "python", folder / "requirements.sha256"
    wanted = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return python
    print(f"installing {name}", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    if uv := shutil.which("uv"):
        _run(uv, "venv", "--quiet", "--python", sys.executable, str(folder))
        _run(uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python), "-r", str(requirements))
    else:
        _run(sys.executable, "-m", "venv", str(folder))
        _run(str(python), "-m", "pip", "install", "--quiet", "--no-input", "-r", str(requirements))
    stamp.write_text(wanted)
    return python


def _run(*command: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    except subprocess.CalledProcessError as error:
        raise NotInstalled(error.stderr.strip()[-2000:] or f"{command[0]} ended with {error.returncode}") from error
    except subprocess.TimeoutExpired as error:
        raise NotInstalled(f"installing took longer than {INSTALL_SECONDS} s") from error
