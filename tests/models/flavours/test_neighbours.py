from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsRegressor

from carafe.errors import CorruptArtefact
from carafe.models.flavours.neighbours import check_neighbours

TABLE = np.random.default_rng(0).normal(size=(90, 3))


def fitted(algorithm: str) -> Any:
    return KNeighborsRegressor(algorithm=algorithm, leaf_size=10).fit(TABLE, TABLE[:, 0])


def set_node(field: str, value: int) -> Callable[[list[Any]], None]:
    def change(state: list[Any]) -> None:
        state[2] = state[2].copy()
        state[2][field][-1 if field == "is_leaf" else 0] = value

    return change


def set_item(position: int, value: Any) -> Callable[[list[Any]], None]:
    def change(state: list[Any]) -> None:
        state[position] = value

    return change


@pytest.mark.parametrize("algorithm", ["kd_tree", "ball_tree", "brute"])
def test_neighbours_as_they_were_fitted_are_sound(algorithm: str) -> None:
    check_neighbours(fitted(algorithm))


@pytest.mark.parametrize("algorithm", ["kd_tree", "ball_tree"])
@pytest.mark.parametrize(
    "change",
    [
        set_node("idx_start", -1),
        set_node("idx_end", 10_000),
        set_node("idx_start", 91),
        set_node("is_leaf", 0),
        set_item(1, np.full(90, 10_000)),
        set_item(1, np.arange(80)),
        set_item(5, 3),
        set_item(5, 2**40),
        set_item(6, 31),
        set_item(3, np.zeros((2, 3, 3))),
    ],
    ids=["row before the first", "row behind the last", "start behind end", "leaf with children", "index outside",
         "index too short", "other depth", "endless depth", "other count", "other bounds"],
)  # fmt: skip
def test_nodes_that_point_outside_are_refused(algorithm: str, change: Callable[[list[Any]], None]) -> None:
    estimator = fitted(algorithm)
    state = list(estimator._tree.__getstate__())  # noqa: SLF001 - no public name
    change(state)
    estimator._tree.__setstate__(tuple(state))  # noqa: SLF001 - no public name
    with pytest.raises(CorruptArtefact, match="a tree of neighbours whose nodes hold rows that do not exist"):
        check_neighbours(estimator)
