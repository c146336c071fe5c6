"""Whether this process may use only a part of the time of its processors, as containers with a limit do."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path, PurePosixPath

CGROUPS = Path("/sys/fs/cgroup")
GROUPS_OF_SELF = Path("/proc/self/cgroup")


def has_quota(*, groups: Path = GROUPS_OF_SELF, root: Path = CGROUPS) -> bool:
    """Tell whether a control group of this process, or one around it, limits its processor time.

    In a container both files tell of the container's own view. Linux only, cgroups 1 and 2; where there are none,
    there is no quota that we know of.
    Source: the kernel's documentation, ``cpu.max`` (cgroup v2) and ``cpu.cfs_quota_us`` (CFS bandwidth control).
    """
    return any(_limits(folder) for folder in _folders(groups, root))


def _folders(groups: Path, root: Path) -> list[Path]:
    """Return the folders of the groups that this process is in, and of those around them."""
    text = ""
    with suppress(OSError):
        text = groups.read_text()
    found: dict[Path, None] = {}
    for line in text.splitlines():
        _, _, about = line.partition(":")
        controllers, _, path = about.partition(":")
        if not controllers or "cpu" in controllers.split(","):
            mount = root / "cpu" if controllers else root
            inside = PurePosixPath(path.lstrip("/"))
            found |= dict.fromkeys(mount / part for part in (inside, *inside.parents))
    return list(found)


def _limits(folder: Path) -> bool:
    with suppress(OSError):
        return not (folder / "cpu.max").read_text().startswith("max")
    with suppress(OSError):
        return int((folder / "cpu.cfs_quota_us").read_text()) > 0
    return False
