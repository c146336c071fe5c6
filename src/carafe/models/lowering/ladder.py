"""The ladder: the ways to run a model, from the fastest to the most faithful, and the first of them that was proved.

Each candidate is made, written down, loaded from what was written as a server will load it, and proved against the
native model. Whatever goes wrong on the way costs that rung and nothing else: the reason is kept, and the next one is
tried.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from carafe.errors import CarafeError, CorruptArtefact, MissingExtra
from carafe.models.golden import Golden, replay_golden
from carafe.models.lowering.edges import border_rows, edge_rows
from carafe.models.lowering.loading import load_lowered
from carafe.models.lowering.lower import lower
from carafe.models.lowering.lowered import PLAN, Lowered, encode_lowered
from carafe.models.lowering.proof import Proof, Truth, establish, first_features, prove
from carafe.models.lowering.refusal import NotLowered, shortened
from carafe.models.lowering.thresholds import thresholds_of
from carafe.models.lowering.whole import convert_whole
from carafe.models.manifest import LOWERED, NATIVE, ONNX, Manifest, Rung
from carafe.models.model import Model
from carafe.schema import Rows
from carafe.schema.values import printable

Maker = Callable[..., tuple[Lowered, Mapping[str, bytes]]]
"""From an estimator, ``signature=`` and ``container=`` to what plan.json holds and the files beside it."""

MAKERS: Mapping[str, Maker] = {LOWERED: lower, ONNX: convert_whole}
"""How each rung above the native one is made, the fastest first."""

_UNNEEDED = "not needed: a faster one was proved"

_LONGEST = 300
"""How many characters of somebody else's words a reason holds."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Climbed:
    """Every rung with what was decided, and the files of the chosen one; none where that is the native one."""

    rungs: tuple[Rung, ...]
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Original:
    """A model that was trained: as an estimator, as its library runs it, and what is to be known about it.

    Of the manifest the signature, the container, and the reason why it runs natively are read.
    """

    estimator: Any
    native: Model
    manifest: Manifest
    golden: Golden


def climb(original: Original, rows: Rows, *, makers: Mapping[str, Maker] = MAKERS) -> Climbed:
    """Try the rungs from the top, and take the first that answers as the native model does.

    Args:
        original: the model.
        rows: those that were held out, or the sample that came with it: at least one.
        makers: how each rung is made.

    Raises:
        MissingExtra: when the native model needs a library that is not installed.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of overflows at the edges, and of what converters think of their inputs
        return _climbed(original, rows, makers)


def _climbed(original: Original, rows: Rows, makers: Mapping[str, Maker]) -> Climbed:
    truth: Truth | None = None
    rungs: list[Rung] = []
    files: Mapping[str, bytes] = {}
    for name, make in makers.items():
        files = {}
        try:
            made = _made(make, original)
            truth = truth or _truth(original, rows)
            rung = _proved(name, made, original, truth)
            files = made if rung.chosen else {}
        except MissingExtra:
            raise
        except (NotLowered, CarafeError) as error:
            rung = _rung(name, None, str(error))
        except Exception as error:  # noqa: BLE001 - whatever a converter raises must not stop a publication
            rung = _rung(name, None, f"it can't be made ({type(error).__name__}: {error})")
        rungs.append(rung)
        if files:
            break
    rungs += [Rung(name=name, chosen=False, reason=_UNNEEDED) for name in list(makers)[len(rungs) :]]
    why = next((rung.reason for rung in original.manifest.ladder if rung.name == NATIVE), "")
    rungs.append(Rung(name=NATIVE, chosen=not files, reason=_UNNEEDED if files else why))
    return Climbed(rungs=tuple(rungs), files=files)


def _truth(original: Original, rows: Rows) -> Truth:
    native, signature = original.native, original.manifest.signature
    features = first_features(native, rows)
    thresholds = (
        {} if features is None else thresholds_of(original.estimator, signature=signature, rows=rows, features=features)
    )
    edges = edge_rows(signature, rows, thresholds=thresholds)
    borders = border_rows(signature, rows, thresholds)
    return establish(native, rows, edges, borders, features=features, probabilities=original.manifest.probabilities)


def _made(make: Maker, original: Original) -> Mapping[str, bytes]:
    """Return a candidate's files."""
    manifest = original.manifest
    lowered, files = make(original.estimator, signature=manifest.signature, container=manifest.container)
    return {PLAN: encode_lowered(lowered), **files}


def _proved(name: str, files: Mapping[str, bytes], original: Original, truth: Truth) -> Rung:
    """Return the rung of a candidate, chosen if it was proved."""
    loaded = load_lowered(files, signature=original.manifest.signature, native=lambda: original.native)
    proof = prove(loaded.model, truth, tolerance=loaded.tolerance)
    if proof.failure is not None:
        return _rung(name, proof, proof.failure)
    try:
        replay_golden(loaded.model, original.golden, tolerance=loaded.tolerance)
    except CorruptArtefact as error:
        return _rung(name, proof, str(error))
    return _rung(name, proof, "it answers every row as the native model does", chosen=True)


def _rung(name: str, proof: Proof | None, reason: str, *, chosen: bool = False) -> Rung:
    return Rung(
        name=name,
        chosen=chosen,
        reason=shortened(printable(reason), _LONGEST),
        rows=proof.rows if proof else 0,
        difference=proof.difference if proof else None,
    )
