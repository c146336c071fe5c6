"""Faults at chosen system calls of an unmodified program, injected by strace.

``strace --inject`` counts each kind of call for itself, in each thread that it is attached to, from the moment when it
is. So a place at which to fail is the name of a call and its number in the first thread, which does what Carafe does:
all places that one run passes are recorded first, and each is failed in a run of its own. A killed process never does
the call that it is killed at. Threads of libraries are left alone: what they write to wake each other is on no disk.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from select import select

CALLS = (
    "open,openat,creat,read,pread64,write,writev,pwrite64,pwritev,fsync,fdatasync,rename,renameat,renameat2,unlink,"
    "unlinkat,mkdir,mkdirat,rmdir,link,linkat,symlink,symlinkat,ftruncate,truncate,fallocate,chmod,fchmod,fchmodat,"
    "flock,fcntl"
)
"""Every call by which a file, a folder or a lock is changed, and those by which files are read."""

CHANGING = frozenset(CALLS.split(",")) - {"read", "pread64", "fcntl", "flock"}
"""Those of them that change something, so that a full or read-only disk may refuse them."""

PATIENCE = 300.0
"""For how many seconds a child may do what takes it some moments; one that hangs is killed, which no error does."""

_LINE = re.compile(r"(\d+) +(\w+)\((.*)")


@dataclass(frozen=True, slots=True)
class Place:
    """The ``number``-th call of a kind, from 1."""

    call: str
    number: int
    seen: str = ""
    """What strace wrote of it when it was recorded."""
    alone: bool = True
    """Whether all calls of its kind have to do with files: a runtime's threads wake each other by writing, too."""

    def __str__(self) -> str:
        return f"{self.call} #{self.number}: {self.seen}"

    @property
    def writes(self) -> bool:
        """Whether it changes something."""
        if self.call in {"open", "openat"}:
            return "O_WRONLY" in self.seen or "O_RDWR" in self.seen or "O_CREAT" in self.seen
        return self.call in CHANGING


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a process ended."""

    status: int
    """What ``waitpid`` told: the exit code shifted, or the signal."""
    out: str
    err: str

    @property
    def killed(self) -> bool:
        """Whether it was killed."""
        return os.WIFSIGNALED(self.status)

    @property
    def code(self) -> int:
        """The exit code; negative for a signal."""
        return os.waitstatus_to_exitcode(self.status)


def record(act: Callable[[], None], *, folder: Path, about: Sequence[Path]) -> tuple[Ended, list[Place]]:
    """Let a child act, and return how it ended with the places it passed that have to do with paths or its output."""
    log = folder / "recorded"
    ended = _traced(act, folder, ["-f", "-y", "-s", "0", "-o", str(log), "-e", f"trace={CALLS}"])
    return ended, list(_places(log.read_text(errors="replace"), about, folder))


def inject(act: Callable[[], None], place: Place, fault: str, *, folder: Path, lasting: bool = False) -> Ended:
    """Let a child act, and have one call fail, or that and all later ones of its kind.

    Args:
        act: what the child does.
        place: where.
        fault: ``KILL``, or the name of an error such as ``ENOSPC``.
        folder: where the child's output and strace's are written.
        lasting: whether every later call of that kind fails as well.
    """
    what = "signal=KILL" if fault == "KILL" else f"error={fault}"
    when = f"{place.number}{'+' if lasting else ''}"
    options = ["-o", str(folder / "injected"), "-e", f"trace={place.call}"]
    return _traced(act, folder, [*options, f"--inject={place.call}:{what}:when={when}"])


def in_child(act: Callable[[], None], *, folder: Path) -> Ended:
    """Let a child act, untouched."""
    return _ended(_forked(act, folder), folder)


def _traced(act: Callable[[], None], folder: Path, options: Sequence[str]) -> Ended:
    """Attach strace to a child whose output is open, and that does nothing before it is told; wait for both."""
    ready, told = os.pipe()
    waiting, go = os.pipe()

    def wait() -> None:
        os.close(ready)
        os.close(go)
        os.close(told)  # whoever reads the other end knows from it
        select([waiting], [], [])  # no read, which might be the first one to be counted, or not
        os.close(waiting)

    child = _forked(act, folder, wait)
    os.close(told)
    os.close(waiting)
    os.read(ready, 1)
    os.close(ready)
    strace = subprocess.Popen(
        ["strace", *options, "-p", str(child)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert strace.stderr is not None
    said = strace.stderr.readline()
    os.close(go)
    ended = _ended(child, folder)
    strace.stderr.read()
    strace.stderr.close()
    strace.wait(60)
    assert "attached" in said, f"strace can't trace here: {said}"
    return ended


def _forked(act: Callable[[], None], folder: Path, wait: Callable[[], None] | None = None) -> int:
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        for number, name in ((1, "out"), (2, "err")):
            file = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(file, number)
            os.close(file)
        if wait is not None:
            wait()
        code = _exit_code(act)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _exit_code(act: Callable[[], None]) -> int:
    try:
        act()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - as the interpreter would: the test looks for it
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


def _ended(child: int, folder: Path) -> Ended:
    descriptor = os.pidfd_open(child)
    if not select([descriptor], [], [], PATIENCE)[0]:
        os.kill(child, signal.SIGKILL)
    os.close(descriptor)
    _, status = os.waitpid(child, 0)
    out, err = ((folder / name).read_text(errors="replace") for name in ("out", "err"))
    return Ended(status=status, out=out, err=err)


def _places(log: str, about: Sequence[Path], folder: Path) -> Iterator[Place]:
    """Yield the calls of the first thread that name one of the paths, or a file in it, or write to its output."""
    passed: Counter[str] = Counter()
    told = (*map(str, about), f"<{folder}/out>", f"<{folder}/err>")
    calls = list(_of_the_first(log))
    shared = {call for call, seen in calls if "<anon_inode:" in seen}
    for call, seen in calls:
        passed[call] += 1
        if any(text in seen for text in told):
            yield Place(call, passed[call], seen, alone=call not in shared)


def _of_the_first(log: str) -> Iterator[tuple[str, str]]:
    """Yield each call of the thread that did the first one: its name, and what strace wrote of it."""
    first = None
    for found in filter(None, map(_LINE.match, log.splitlines())):
        first = first or found[1]
        if found[1] == first:
            yield found[2], f"{found[2]}({found[3]}"
