"""Executes the marked commands of a Markdown page, as a reader would, and compares what they print.

A fenced block after ``<!-- run -->`` is executed: ``sh`` line by line in a shell, ``python`` as a program. A block
after ``<!-- prints -->`` is what the last command is expected to print: JSON, numbers within one percent, ``"..."`` for
any text.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

BLOCK = re.compile(r"<!-- (run|prints) -->\n```(\w+)\n(.*?)```", re.DOTALL)
KEY = re.compile(r"carafe_[A-Za-z0-9]+_[A-Za-z0-9_-]+")
PATIENCE = 300.0
SWITCHING = 1.5
"""Seconds a reader takes to turn to another terminal, in which a running service notices what was published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A marked block: what to do with it, in which language, and its text."""

    mark: str
    language: str
    text: str

    @property
    def lines(self) -> list[str]:
        """The block's commands, continued lines joined."""
        return self.text.replace("\\\n", " ").strip().splitlines()


def blocks(page: Path) -> list[Block]:
    """Return the page's marked blocks in order."""
    found = BLOCK.findall(page.read_text(encoding="utf-8"))
    return [Block(mark=mark, language=language, text=text) for mark, language, text in found]


@dataclass(slots=True, kw_only=True)
class Reader:
    """Someone who follows a page in an empty folder, with a home and a port of their own."""

    folder: Path
    port: int
    printed: str = ""
    asked: bool = False
    service: subprocess.Popen[str] | None = None
    environ: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CARAFE_")},
            "PATH": f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}",
            "CARAFE_HOME": str(self.folder / "home"),
            "CARAFE_PORT": str(self.port),
            "COLUMNS": "120",
        }

    def follow(self, block: Block) -> None:
        """Execute the block, or compare it with what the last command printed."""
        if block.mark == "prints":
            assert_alike(json.loads(self.printed), json.loads(block.text))
        elif block.language == "python":
            self.asked = False
            self.printed = self._run([sys.executable, "-c", block.text])
        else:
            for line in block.lines:
                self._type(line)

    def stop(self) -> None:
        """End the service, if one was started, as Ctrl-C does."""
        if self.service is not None:
            self.service.terminate()
            self.service.wait(timeout=30)

    def _type(self, line: str) -> None:
        line = line.replace("127.0.0.1:8000", f"127.0.0.1:{self.port}")
        if line == "carafe serve":
            self._serve(line)
        else:
            if line.startswith("curl") and not self.asked:
                time.sleep(SWITCHING)
            self.asked = line.startswith("curl")
            self.printed = self._run(["bash", "-c", line])

    def _run(self, command: list[str]) -> str:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def _serve(self, line: str) -> None:
        output = self.folder / "serve.log"
        with output.open("w", encoding="utf-8") as log:
            self.service = subprocess.Popen(
                shlex.split(line), cwd=self.folder, env=self.environ, stdout=log, stderr=log, text=True
            )
        self._wait(output)
        key = KEY.search(output.read_text(encoding="utf-8"))
        assert key, f"no key was printed at the first start:\n{output.read_text(encoding='utf-8')}"
        self.environ["KEY"] = key.group()

    def _wait(self, output: Path) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self.service is not None
            assert self.service.poll() is None, output.read_text(encoding="utf-8")
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=5).close()
                return
            time.sleep(0.1)
        pytest.fail(f"the service was not ready within a minute:\n{output.read_text(encoding='utf-8')}")


def follow(page: Path, *, folder: Path, port: int) -> Iterator[str]:
    """Execute every marked block of ``page``; yield what was printed after each."""
    reader = Reader(folder=folder, port=port)
    try:
        for block in blocks(page):
            reader.follow(block)
            yield reader.printed
    finally:
        reader.stop()


def assert_alike(got: object, expected: object) -> None:
    """Compare JSON: the same keys, texts and lengths; numbers within one percent; ``"..."`` stands for any text."""
    if isinstance(expected, dict):
        assert isinstance(got, dict)
        assert got.keys() == expected.keys()
        for name, value in expected.items():
            assert_alike(got[name], value)
    elif isinstance(expected, list):
        assert isinstance(got, list)
        assert len(got) == len(expected), got
        for one, other in zip(got, expected, strict=True):
            assert_alike(one, other)
    elif isinstance(expected, float):
        assert got == pytest.approx(expected, rel=0.01, abs=0.01)
    elif expected == "...":
        assert isinstance(got, str)
        assert got
    else:
        assert got == expected
        assert type(got) is type(expected)
