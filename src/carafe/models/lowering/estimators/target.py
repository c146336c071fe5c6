"""From a regression's answer back to the target's own unit, where it learnt a transformed one."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.preprocessing import FunctionTransformer, MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from carafe.models.lowering.heads import Apply, Link, Scale
from carafe.models.lowering.refusal import NotLowered

_FUNCTIONS: dict[Any, tuple[Apply | Scale, ...]] = {
    None: (),
    np.exp: (Apply(link=Link.EXP),),
    np.expm1: (Apply(link=Link.EXPM1),),
}


def inverse_steps(estimator: TransformedTargetRegressor) -> tuple[Apply | Scale, ...]:
    """Return what turns the inner regressor's answer into the target's unit.

    Raises:
        NotLowered: when the target's transformer is none that is known here.
    """
    transformer = estimator.transformer_
    kind = type(transformer)
    if kind is FunctionTransformer and transformer.inverse_func in _FUNCTIONS and not transformer.inv_kw_args:
        return _FUNCTIONS[transformer.inverse_func]
    if kind is StandardScaler:
        return (Scale(factor=_only(transformer.scale_, 1.0), offset=_only(transformer.mean_, 0.0)),)
    if kind is RobustScaler:
        factor = _only(transformer.scale_, 1.0) if transformer.with_scaling else 1.0
        return (Scale(factor=factor, offset=_only(transformer.center_, 0.0) if transformer.with_centering else 0.0),)
    if kind is MaxAbsScaler:
        return (Scale(factor=_only(transformer.scale_, 1.0), offset=0.0),)
    if kind is MinMaxScaler and not transformer.clip:
        scale = _only(transformer.scale_, 1.0)
        return (Scale(factor=1.0 / scale, offset=-_only(transformer.min_, 0.0) / scale),)
    raise NotLowered(f"a target transformed by {kind.__name__} has no kernel for the way back")


def _only(values: Any, absent: float) -> float:  # noqa: ANN401 - an array of one number, or None
    return absent if values is None else float(np.ravel(values)[0])
