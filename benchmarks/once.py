"""Run a command to its end and write what it took: ``python once.py FILE COMMAND ...``.

A process of its own, and a small one: the kernel counts the memory of whoever starts a command as that command's, until
it has begun. Imports nothing that is not needed for that.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time


def main() -> None:
    """Run the command; write its seconds and the most memory, in kB, that it or a process it waited for used."""
    file, *command = sys.argv[1:]
    begin = time.monotonic()
    process = subprocess.Popen(command)
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.monotonic() - begin
    with open(file, "w", encoding="ascii") as out:  # noqa: PTH123 - pathlib is not needed for that
        out.write(f"{seconds} {used.ru_maxrss}")
    sys.exit(os.waitstatus_to_exitcode(status) & 255)


if __name__ == "__main__":
    main()
