"""From the sample that comes with an estimator to a signature, a container, and rows that fit them."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from carafe.errors import UnsupportedModel
from carafe.models.container import Shape
from carafe.models.containers import shape_module
from carafe.models.containers.array import observe_array, observe_records, observe_texts
from carafe.models.containers.observed import Observed


def observe_sample(sample: Any, names: tuple[str, ...] | None, width: int | None) -> Observed:  # noqa: ANN401 - any table
    """Look at a sample as the kind of table that an estimator was fitted on.

    Args:
        sample: a pandas or polars frame, a numpy array, a list of lists, of dictionaries or of strings.
        names: the columns that the estimator was fitted on, in order; None when it was fitted on no frame.
        width: how many columns it was fitted on; None when it does not say.

    Raises:
        UnsupportedModel: when the sample is none of these, is empty, or has not these columns.
    """
    if not hasattr(sample, "__len__") or isinstance(sample, (str, bytes)):
        raise UnsupportedModel(f"sample: got {type(sample).__name__}, expected {_EXPECTED}")
    if len(sample) == 0:
        raise UnsupportedModel("sample: got no rows, expected at least one, better some hundred, of the training table")
    if isinstance(sample, Mapping):
        raise UnsupportedModel(f"sample: got one dictionary, expected {_EXPECTED}")
    if _is_frame(sample):
        return _from_frame(sample, names, width)
    if _is_series(sample) or (isinstance(sample, np.ndarray) and sample.ndim == 1):
        return observe_texts(list(sample))
    if isinstance(sample, np.ndarray):
        return _from_array(sample, names, width)
    return _from_list(list(sample), names, width)


_EXPECTED = "a frame, an array of shape (rows, columns), or a list of lists, dictionaries or strings"


def _from_list(sample: list[Any], names: tuple[str, ...] | None, width: int | None) -> Observed:
    first = sample[0]
    if isinstance(first, str):
        return observe_texts(sample)
    if isinstance(first, Mapping):
        keys = list(dict.fromkeys(key for record in sample for key in record))
        if names is None and width is None:
            return observe_records(sample)
        return _from_rows([[record.get(key) for key in keys] for record in sample], keys, names, width)
    if isinstance(first, (Sequence, np.ndarray)):
        if len({len(row) for row in sample}) > 1:
            raise UnsupportedModel("sample: got rows of different lengths, expected one value a column in every row")
        return _from_rows([list(row) for row in sample], None, names, width)
    raise UnsupportedModel(f"sample: got a list of {type(first).__name__}, expected {_EXPECTED}")


def _from_rows(
    rows: list[list[Any]], keys: list[str] | None, names: tuple[str, ...] | None, width: int | None
) -> Observed:
    if names is not None:
        return _from_frame(_new_frame(rows, keys or list(names)), names, width)
    plain = all(isinstance(value, (int, float)) for row in rows for value in row)
    array = np.array(rows, dtype=None if plain else object)
    _check_width(array.shape[1], width)
    return observe_array(array, keys)


def _from_array(sample: np.ndarray[Any, Any], names: tuple[str, ...] | None, width: int | None) -> Observed:
    if sample.ndim != 2 or 0 in sample.shape:
        return observe_array(sample)
    _check_width(sample.shape[1], width)
    if names is None:
        return observe_array(sample)
    return _from_frame(_new_frame(sample, list(names)), names, width)


def _from_frame(sample: Any, names: tuple[str, ...] | None, width: int | None) -> Observed:  # noqa: ANN401 - a frame
    known = [str(name) for name in sample.columns]
    if len(set(known)) < len(known):
        raise UnsupportedModel("sample: got two columns of the same name; rename one and fit the model again")
    if names is None:
        _check_width(len(known), width)
        return observe_array(sample.to_numpy(), known)
    missing = [name for name in names if name not in known]
    if missing:
        raise UnsupportedModel(
            f"sample: has no column {', '.join(map(repr, missing[:5]))}, on which the model was fitted; it has "
            f"{', '.join(map(repr, known[:10]))}"
        )
    shape = Shape.POLARS if type(sample).__module__.partition(".")[0] == "polars" else Shape.PANDAS
    observed: Observed = shape_module(shape).observe(sample[list(names)])
    return observed


def _new_frame(rows: Any, names: list[str]) -> Any:  # noqa: ANN401 - a frame
    """Return a frame of the library that the caller most likely fitted with: pandas where it is in use, else polars."""
    _check_width(len(rows[0]), len(names))
    shape = Shape.PANDAS if "pandas" in sys.modules else Shape.POLARS
    return shape_module(shape).frame_of(rows, names)


def _check_width(got: int, width: int | None) -> None:
    if width is not None and got != width:
        raise UnsupportedModel(f"sample: got {got} columns, expected the {width} that the model was fitted on")


def _is_frame(sample: object) -> bool:
    return hasattr(sample, "columns") and hasattr(sample, "to_numpy")


def _is_series(sample: object) -> bool:
    return hasattr(sample, "to_numpy") and hasattr(sample, "dtype")
