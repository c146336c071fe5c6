"""The manifest: everything that is known about one version, as data to be stored and shown as it is."""

from __future__ import annotations

import math

import msgspec

from carafe.models.container import Container
from carafe.schema import Label, Signature, Task

FORMAT = 2
"""The format this Carafe writes. It reads this one and every older one.

1: every model runs natively. 2: a rung tells what was compared, and ``plan.json`` may hold what answers in the place of
the native model; a Carafe that knows only format 1 could read neither, and is to say so.
"""

LOWERED = "lowered"
"""The fastest rung: a column plan and a kernel of the estimator's own kind answer."""

ONNX = "onnx"
"""The second rung: what has no kernel of its own is a converted graph, in single precision where it must be."""

ONNX = "onnx"
"""The rung below it: as much of the pipeline as converters take answers as one graph, single precision allowed."""

NATIVE = "native"
"""The last rung of every ladder: the library that trained the model answers."""


class FileDigest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file of the artefact: its name in the directory, SHA-256 in hexadecimal, size in bytes."""

    path: str
    sha256: str
    size: int


class Metric(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A figure on rows never seen in training, beside the baseline's; finite, for JSON knows no infinity."""

    name: str
    value: float
    baseline: float | None = None

    def __post_init__(self) -> None:
        if not all(math.isfinite(number) for number in (self.value, self.baseline) if number is not None):
            raise ValueError(
                f"metric {self.name}: got {self.value} (baseline {self.baseline}), expected finite numbers"
            )


class Importance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much worse the main metric gets when one column is shuffled: mean and standard deviation of the repeats."""

    column: str
    mean: float
    deviation: float


class Confusion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Counts of held-out rows: ``counts[i][j]`` rows of class i were called class j, in the order of ``labels``."""

    labels: tuple[Label, ...]
    counts: tuple[tuple[int, ...], ...]


class Candidate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One algorithm that was compared: its mean score over the folds (None when it failed), and what was decided."""

    algorithm: str
    score: float | None
    deviation: float | None
    seconds: float
    chosen: bool
    reason: str


class Rung(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way to run the model, from the fastest to the most faithful: whether it was chosen, and why (not).

    ``rows`` is how many rows it answered beside the native model, and ``difference`` the largest relative difference
    among the numbers that it answered with; 0 and None where nothing was compared.
    """

    name: str
    chosen: bool
    reason: str
    rows: int = 0
    difference: float | None = None

    def __post_init__(self) -> None:
        if self.difference is not None and not math.isfinite(self.difference):
            raise ValueError(f"rung {self.name}: difference {self.difference}, expected a finite number")


class Provenance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the version comes from.

    ``created`` is ISO 8601 in UTC; ``libraries`` are (name, version) pairs; ``rows`` is the number of rows learnt from
    and held out together; ``data_sha256`` is the digest of the table, ``holdout_sha256`` that of the held-out rows:
    two versions compare only where it is the same. An empty string is "not known".
    """

    created: str
    carafe: str
    python: str
    libraries: tuple[tuple[str, str], ...]
    source: str = ""
    rows: int = 0
    data_sha256: str = ""
    holdout_sha256: str = ""
    seed: int | None = None


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a version is, what it takes, how good it is, and where it comes from.

    ``files`` are all files of the artefact besides the manifest and its signature. ``recipe`` is the TOML that trained
    it, empty for an estimator that was published. ``algorithm`` is the recipe's name, or the estimator's class.
    ``probabilities`` tells whether the model gives them. ``positive`` is the label that precision, recall and F1
    speak of, where there are two.
    """

    format: int = FORMAT
    name: str
    signature: Signature
    flavour: str
    container: Container
    algorithm: str
    provenance: Provenance
    probabilities: bool = False
    files: tuple[FileDigest, ...] = ()
    recipe: str = ""
    metrics: tuple[Metric, ...] = ()
    importance: tuple[Importance, ...] = ()
    confusion: Confusion | None = None
    positive: Label | None = None
    candidates: tuple[Candidate, ...] = ()
    ladder: tuple[Rung, ...] = ()

    @property
    def task(self) -> Task:
        """What the model does."""
        return self.signature.target.task

    @property
    def runs_as(self) -> str:
        """The rung that answers; what was sealed before there were others runs natively."""
        return next((rung.name for rung in self.ladder if rung.chosen), NATIVE)

    def metric(self, name: str) -> Metric | None:
        """Return the metric called ``name``, or None."""
        return next((metric for metric in self.metrics if metric.name == name), None)


def encode_manifest(manifest: Manifest) -> bytes:
    """Return the canonical JSON: keys sorted, two spaces of indent, one line feed at the end."""
    return msgspec.json.format(msgspec.json.encode(manifest, order="sorted"), indent=2) + b"\n"


def decode_manifest(content: bytes) -> Manifest:
    """Read what ``encode_manifest`` wrote.

    Raises:
        msgspec.DecodeError: when it is no JSON, or no manifest of this format.
    """
    return msgspec.json.decode(content, type=Manifest)
