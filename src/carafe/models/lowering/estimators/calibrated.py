"""Probabilities that a calibration gives: logistic functions of a classifier's scores.

Source: Platt, "Probabilistic outputs for support vector machines", 1999.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.svm import SVC, NuSVC

from carafe.models.lowering.estimators.drawing import Drawing
from carafe.models.lowering.estimators.linear import LINEAR
from carafe.models.lowering.estimators.lowering import Lowering
from carafe.models.lowering.estimators.vectors import draw_decision
from carafe.models.lowering.heads import Chances, Classes, Decision
from carafe.models.lowering.kernel import GRAPH, Accepts, Graph, Linear
from carafe.models.lowering.refusal import NotLowered

_Floats = NDArray[np.float64]


def _calibrated(estimator: Any) -> Lowering:  # noqa: ANN401 - scikit-learn ships no types
    if len(estimator.calibrated_classifiers_) != 1:
        raise NotLowered("CalibratedClassifierCV averages several classifiers: fit it with ensemble=False")
    one = estimator.calibrated_classifiers_[0]
    if one.method != "sigmoid":
        raise NotLowered(f"CalibratedClassifierCV has no kernel for method={one.method!r}")
    if not np.array_equal(one.estimator.classes_, estimator.classes_):
        raise NotLowered("CalibratedClassifierCV calibrates a classifier of other classes")
    factors = -np.array([each.a_ for each in one.calibrators], dtype=np.float64)
    offsets = -np.array([each.b_ for each in one.calibrators], dtype=np.float64)
    head = Classes(
        chances=Chances.SIGMOID if len(factors) == 1 else Chances.SHARED_SIGMOIDS, decision=Decision.LIKELIEST
    )
    if type(one.estimator) in (SVC, NuSVC):
        return _of_vectors(one.estimator, factors, offsets, head)
    return _of_line(one.estimator, factors, offsets, head)


def _of_vectors(estimator: Any, factors: _Floats, offsets: _Floats, head: Classes) -> Lowering:  # noqa: ANN401
    drawing = Drawing()
    name = drawing.affine(draw_decision(drawing, estimator), factors, offsets)
    width, outputs = int(estimator.n_features_in_), len(factors)
    content = drawing.content(name, width=width, outputs=outputs)
    breadth = 3 * estimator.support_vectors_.shape[0]
    kernel = Graph(width=width, outputs=outputs, accepts=Accepts(), breadth=breadth)
    return Lowering(kernel=kernel, head=head, files={GRAPH: content})


def _of_line(estimator: Any, factors: _Floats, offsets: _Floats, head: Classes) -> Lowering:  # noqa: ANN401
    if type(estimator) not in LINEAR:
        raise NotLowered(f"CalibratedClassifierCV has no kernel over {type(estimator).__name__}")
    kernel = LINEAR[type(estimator)](estimator).kernel
    if not isinstance(kernel, Linear):
        raise NotLowered(f"CalibratedClassifierCV has no kernel over {type(estimator).__name__}")
    weights = np.array(kernel.weights) * factors[:, None]
    intercepts = np.array(kernel.intercepts) * factors + offsets
    line = Linear(weights=tuple(map(tuple, weights.tolist())), intercepts=tuple(intercepts.tolist()))
    return Lowering(kernel=line, head=head)


CALIBRATED: Mapping[type, Callable[[Any], Lowering]] = {CalibratedClassifierCV: _calibrated}
"""Exact types, as in ``linear.py``."""
