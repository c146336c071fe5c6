"""Look through a loaded model for trees of neighbours whose nodes point outside themselves.

As with decision trees, scikit-learn follows their numbers without looking.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.neighbors import BallTree, KDTree

from carafe.errors import CorruptArtefact
from carafe.models.flavours.parts import parts_of


def check_neighbours(estimator: object) -> None:
    """Check every tree of neighbours inside the estimator.

    Raises:
        CorruptArtefact: when a node holds rows that do not exist, or the tree is not as deep as its nodes say.
    """
    for part in parts_of(estimator):
        if isinstance(part, (KDTree, BallTree)):
            _check_tree(part)


def _check_tree(tree: Any) -> None:  # noqa: ANN401 - scikit-learn ships no types
    data, index, nodes, bounds, leaf_size, levels, count = tree.__getstate__()[:7]
    rows = len(data)
    sound = (
        data.ndim == 2
        and np.array_equal(np.sort(index), np.arange(rows))
        and 0 < levels < 60
        and leaf_size > 0
        and count == len(nodes) == 2**levels - 1
        and bounds.shape[1:] == (count, data.shape[1])
        and bool((nodes["idx_start"] >= 0).all())
        and bool((nodes["idx_start"] <= nodes["idx_end"]).all())
        and bool((nodes["idx_end"] <= rows).all())
        and bool((nodes["is_leaf"][np.arange(count) * 2 + 2 >= count] != 0).all())
    )
    if not sound:
        raise CorruptArtefact("model.skops: holds a tree of neighbours whose nodes hold rows that do not exist")
