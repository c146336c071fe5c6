"""What a lowered estimator is: a kernel, a head, and the kernel's files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from carafe.models.lowering.heads import Head
from carafe.models.lowering.kernel import Kernel


@dataclass(frozen=True, slots=True, kw_only=True)
class Lowering:
    """An estimator as data: what computes its scores, what makes answers of them, and the files of the former.

    ``exact`` tells that nothing of it is computed in single precision.
    """

    kernel: Kernel
    head: Head
    files: Mapping[str, bytes] = field(default_factory=dict)
    exact: bool = True
