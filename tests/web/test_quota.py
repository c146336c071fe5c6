from __future__ import annotations

from pathlib import Path

import pytest

from carafe.web.quota import has_quota


def limited(folder: Path, groups: str, files: dict[str, str]) -> bool:
    """Tell what is found where the kernel shows these groups of a process, and these files below /sys/fs/cgroup."""
    (folder / "groups").write_text(groups)
    for name, content in files.items():
        (folder / "root" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "root" / name).write_text(content)
    return has_quota(groups=folder / "groups", root=folder / "root")


@pytest.mark.parametrize(
    ("groups", "files", "expected"),
    [
        ("0::/\n", {"cpu.max": "200000 100000\n"}, True),
        ("0::/\n", {"cpu.max": "max 100000\n"}, False),
        ("0::/pods/one\n", {"pods/cpu.max": "50000 100000\n", "pods/one/cpu.max": "max 100000\n"}, True),
        ("0::/pods/one\n", {"pods/cpu.max": "max 100000\n", "others/cpu.max": "5 10\n"}, False),
        ("4:cpu,cpuacct:/a\n0::/\n", {"cpu/a/cpu.cfs_quota_us": "150000\n"}, True),
        ("4:cpu,cpuacct:/a\n0::/\n", {"cpu/cpu.cfs_quota_us": "150000\n"}, True),
        ("4:cpu,cpuacct:/a\n0::/\n", {"cpu/a/cpu.cfs_quota_us": "-1\n"}, False),
        ("3:cpuset:/a\n", {"cpu/a/cpu.cfs_quota_us": "150000\n"}, False),
        ("0::/\n", {}, False),
        ("what no kernel writes\n\n0::/\n", {"cpu.max": "5 10\n"}, True),
    ],
    ids=[
        "a container's own limit",
        "none",
        "a limit of a group around it",
        "a limit of another group",
        "an older kernel's",
        "an older kernel's, in a container",
        "an older kernel's that is off",
        "a controller that limits no time",
        "nothing that could be read",
        "lines of another form",
    ],
)
def test_a_limit_of_processor_time_is_found(
    tmp_path: Path, groups: str, files: dict[str, str], *, expected: bool
) -> None:
    assert limited(tmp_path, groups, files) is expected


def test_where_the_kernel_tells_nothing_there_is_no_limit(tmp_path: Path) -> None:
    assert not has_quota(groups=tmp_path / "none", root=tmp_path)
