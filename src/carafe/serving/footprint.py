"""What a loaded version takes of memory, estimated before it is loaded, from what its manifest says of its files.

Measuring the process around a load would tell nothing: other loads and requests go on beside it, and what is freed is
seldom given back. So the sizes of the files that the rung reads are multiplied by what was measured once: 30 copies of
each of eleven models were loaded natively and lowered, and the growth of the process was divided by 30. For lowered
models the estimate is 0.9 to 2.5 times that, for native ones 1 to 8 times, where a model is not tiny. Not in it: the
library itself, which the first native version brings (scikit-learn: about 100 MB), and the native model behind a
lowered one, loaded when a request for its features needs it.
"""

from __future__ import annotations

from carafe.models import Manifest
from carafe.models.flavours import FILES
from carafe.models.lowering.lowered import PLAN
from carafe.models.manifest import NATIVE, FileDigest

FLOOR = 32 * 1024
"""Bytes that every version takes: its manifest, its signature, what asks it."""

COLUMN = 1_200
"""Bytes of a column: its declaration, and what reads and checks its values."""

CATEGORY = 160
"""Bytes of one value of a category: in the signature and in the table by which it is looked up."""

SESSION = 128 * 1024
"""Bytes of a graph that ONNX Runtime has ready, however small."""

GRAPH, PLANNED, LIBRARY = 5.0, 9.5, 3.5
"""Bytes in memory for a byte of a graph's file, of ``plan.json``, and of a library's own file."""


def footprint(manifest: Manifest) -> int:
    """Return how many bytes a version takes, about, once it is loaded."""
    columns = manifest.signature.columns
    declared = COLUMN * len(columns) + CATEGORY * sum(len(column.categories) for column in columns)
    return FLOOR + declared + int(sum(_taken(manifest, file) for file in manifest.files))


def _taken(manifest: Manifest, file: FileDigest) -> float:
    """Return what is made of a file; nothing where it is only checked, or let go of once it was read."""
    if file.path in FILES.get(manifest.flavour, frozenset()):
        return LIBRARY * file.size if manifest.runs_as == NATIVE else 0.0
    if manifest.runs_as == NATIVE:
        return 0.0
    if file.path == PLAN:
        return PLANNED * file.size
    return SESSION + GRAPH * file.size if file.path.endswith(".onnx") else 0.0
