"""From a fitted estimator and a sample of its rows to all that an artefact needs: signature, container, manifest."""

from __future__ import annotations

import math
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np

from carafe._version import __version__
from carafe.errors import CarafeError, InvalidParameter, UnsupportedModel
from carafe.models.containers.observed import Observed
from carafe.models.flavours.estimator import columns_of, library_versions, published_part, target_of, width_of
from carafe.models.flavours.first_steps import Meeting, first_meetings
from carafe.models.flavours.native import NativeModel, last_step
from carafe.models.manifest import Manifest, Metric, Provenance, Rung
from carafe.models.sample import observe_sample
from carafe.schema import Column, Kind, Rows, Signature, Target, Task
from carafe.schema.rows import dtype_of
from carafe.schema.values import shown

PROVED_ROWS = 1000
"""How many rows of the sample the rebuilt table must give the estimator's own answers for."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Publication:
    """What ``carafe.models.artefact.seal`` asks for."""

    manifest: Manifest
    estimator: Any
    sample: Rows


def describe(
    estimator: object,
    *,
    name: str,
    sample: Any,  # noqa: ANN401 - any table
    target: str,
    metrics: Mapping[str, float],
) -> Publication:
    """Look at a user's own estimator through a sample of the rows that it was fitted on.

    Args:
        estimator: a fitted scikit-learn classifier, regressor, pipeline or finished search.
        name: the model's name.
        sample: rows as the estimator takes them; ranges, categories and missing values are learnt from them.
        target: what the answer is called.
        metrics: figures that the author measured, by name.

    Raises:
        UnsupportedModel: when the estimator can't be served; the message says what it would take.
        InvalidParameter: when the metrics are no finite numbers by name.
    """
    figures = _figures(metrics)
    part = published_part(estimator)
    observed = observe_sample(sample, columns_of(part), width_of(part))
    meetings = list(first_meetings(part, [column.name for column in observed.columns]))
    columns, rows = _refined(observed, meetings)
    signature = Signature(columns=columns, target=target_of(part, target))
    model = NativeModel(estimator=part, signature=signature, container=observed.container)
    _prove(model, part, observed, rows)
    signature = msgspec.structs.replace(signature, columns=tuple(_nullable(model, rows, meetings)))
    kind = type(last_step(part)).__name__
    manifest = Manifest(
        name=name,
        signature=signature,
        flavour="sklearn",
        container=observed.container,
        algorithm=kind,
        probabilities=signature.target.task is Task.CLASSIFICATION and hasattr(part, "predict_proba"),
        metrics=figures,
        provenance=provenance_of(part, source="carafe.publish"),
        ladder=(Rung(name="native", chosen=True, reason=f"{_library(last_step(part))}'s own {kind} answers"),),
    )
    return Publication(manifest=manifest, estimator=part, sample=rows)


def _library(estimator: object) -> str:
    """Return what the library of an estimator is called."""
    package = type(estimator).__module__.partition(".")[0]
    return {"sklearn": "scikit-learn", "lightgbm": "LightGBM", "carafe": "Carafe"}.get(package, package)


def _figures(metrics: Mapping[Any, Any]) -> tuple[Metric, ...]:
    """Return a user's metrics; numbers of numpy and whole numbers are as good as floats, a string is none."""
    if not isinstance(metrics, Mapping):
        raise InvalidParameter(f'metrics: got {shown(metrics)}, expected numbers by name, such as {{"r2": 0.9}}')
    figures = []
    for name, value in metrics.items():
        number = _number(value)
        if not isinstance(name, str) or number is None or not math.isfinite(number):
            raise InvalidParameter(
                f"metrics: got {shown(value)} for {shown(name)}, expected a finite number by its name, "
                'such as {"r2": 0.9}'
            )
        figures.append(Metric(name=name, value=number))
    return tuple(figures)


def _number(value: Any) -> float | None:  # noqa: ANN401 - whatever a user gives
    if isinstance(value, (str, bytes)):
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def provenance_of(estimator: object, **known: Any) -> Provenance:  # noqa: ANN401 - Provenance's own fields
    """Return where a model that is sealed now comes from, with the versions of what its answers depend on."""
    return Provenance(
        created=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        carafe=__version__,
        python=platform.python_version(),
        libraries=library_versions(estimator),
        **known,
    )


def _refined(observed: Observed, meetings: Sequence[Meeting]) -> tuple[tuple[Column, ...], Rows]:
    """Add what the fitted encoders know: categories that the sample lacks, and integers that are categories."""
    columns, arrays = [], []
    for column, values in zip(observed.columns, observed.rows.columns, strict=True):
        known = [meeting.categories for meeting in meetings if meeting.column == column.name]
        encoded = bool(known) and all(categories is not None for categories in known)
        met = {value for categories in known for value in categories or ()}
        if column.kind is Kind.CATEGORY and column.categories:
            categories = tuple(sorted({*column.categories, *(str(value) for value in met)}, key=str))
            columns.append(msgspec.structs.replace(column, categories=categories if encoded else column.categories))
            arrays.append(values)
        elif column.kind in {Kind.INTEGER, Kind.NUMBER} and encoded and all(map(_is_whole, met)):
            columns.append(_as_category(column, map(int, met)))
            arrays.append(np.array([None if np.isnan(value) else str(int(value)) for value in values], dtype=object))
        else:
            columns.append(column)
            arrays.append(values)
    return tuple(columns), Rows(tuple(arrays))


def _is_whole(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and float(value).is_integer()


def _as_category(column: Column, categories: Iterable[int]) -> Column:
    return Column(
        name=column.name,
        kind=Kind.CATEGORY,
        nullable=column.nullable,
        categories=tuple(sorted(categories)),
        example=column.example,
    )


def _prove(model: NativeModel, estimator: Any, observed: Observed, rows: Rows) -> None:  # noqa: ANN401
    """Compare the answers to the sample as it came with those to the sample rebuilt from rows."""
    native = observed.native[:PROVED_ROWS]
    try:
        answers = np.asarray(estimator.predict(native))
    except Exception as error:
        kind = type(estimator).__name__
        raise UnsupportedModel(f"this {kind} fails on its own sample: {type(error).__name__}: {error}") from error
    if answers.ndim > 1 and answers.shape[1] > 1:
        raise UnsupportedModel(f"the model answers with {answers.shape[1]} outputs; publish one model for each")
    try:
        rebuilt = model.predict(rows.take(slice(PROVED_ROWS))).values
    except CarafeError as error:
        raise UnsupportedModel(f"the sample can't be rebuilt from records of the signature: {error}") from error
    if not _same(answers.reshape(len(answers)), rebuilt, model.signature.target):
        raise UnsupportedModel(
            "the model answers differently to its sample once it was sent as records: a column holds something that "
            "JSON can't carry; fit the model on numbers, booleans, strings, categories or dates"
        )


def _same(answers: Any, rebuilt: Any, target: Target) -> bool:  # noqa: ANN401 - two arrays
    if target.task is Task.CLASSIFICATION:
        return all(answer == target.classes[index] for answer, index in zip(answers, rebuilt, strict=True))
    return np.allclose(answers.astype(np.float64), rebuilt, rtol=1e-9, atol=0.0, equal_nan=True)


def _nullable(model: NativeModel, rows: Rows, meetings: Sequence[Meeting]) -> Iterable[Column]:
    """Yield the columns; where the sample has no missing value, ask the model whether it takes one."""
    for index, column in enumerate(model.signature.columns):
        learnt = [meeting.missing for meeting in meetings if meeting.column == column.name]
        words = column.kind in {Kind.CATEGORY, Kind.TEXT}
        encoded = any(meeting.categories is not None for meeting in meetings if meeting.column == column.name)
        typed = model.container.columns[min(index, len(model.container.columns) - 1)].dtype == "category"
        # An encoder that ignores what it never met would take a missing word, too, and answer as if it were one.
        asked = not column.nullable and (not words or (typed and not encoded) or (bool(learnt) and all(learnt)))
        takes = column.nullable or (asked and _takes_null(model, rows, index))
        yield msgspec.structs.replace(column, nullable=takes)


def _takes_null(model: NativeModel, rows: Rows, index: int) -> bool:
    kind = model.signature.columns[index].kind
    missing = {Kind.CATEGORY: None, Kind.TEXT: None, Kind.DATETIME: np.datetime64("NaT", "us")}.get(kind, np.nan)
    one = list(rows.take(slice(1)).columns)
    one[index] = np.array([missing], dtype=dtype_of(kind))
    try:
        return bool(np.isfinite(model.predict(Rows(tuple(one))).values).all())
    except CarafeError:
        return False
