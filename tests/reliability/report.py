"""What the long reliability tests saw last, written into docs/reliability.md."""

from __future__ import annotations

import fcntl
import os
import platform
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"


def report(number: str, lines: Sequence[str]) -> None:
    """Replace what the page says was seen last for one requirement.

    Args:
        number: that of the requirement's heading, such as ``"19"``: its block stands between two comments.
        lines: one figure each, in words: what was done, what was seen, what was allowed.
    """
    with PAGE.open("r+", encoding="utf-8") as page:
        fcntl.flock(page, fcntl.LOCK_EX)
        text = page.read()
        block = re.compile(rf"(<!-- seen {number} -->\n).*?(<!-- end {number} -->)", re.DOTALL)
        assert block.search(text), f"{PAGE.name} has no block {number}"
        story = "".join(f"* {line}\n" for line in (_where(), *lines))
        page.seek(0)
        page.write(block.sub(lambda found: f"{found[1]}\n{story}\n{found[2]}", text))
        page.truncate()


def _where() -> str:
    moment = datetime.now(UTC)
    cores = len(os.sched_getaffinity(0))
    return f"Run on {moment:%Y-%m-%d %H:%M} UTC, Python {platform.python_version()}, Linux, {cores} cores."
