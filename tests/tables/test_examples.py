from __future__ import annotations

import numpy as np
import pytest

from carafe.schema import Task
from carafe.tables import infer_task, profile_table
from carafe.tables.examples import EXAMPLES, houses, points


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_the_same_every_time_and_can_be_regressed_on(name: str) -> None:
    frame = EXAMPLES[name]()
    assert frame.equals(EXAMPLES[name]())
    assert infer_task(profile_table(frame), frame.columns[-1]) is Task.REGRESSION


def test_a_house_costs_what_it_should() -> None:
    table = houses(4_000).to_numpy().astype(float)
    weights = np.linalg.lstsq(np.column_stack([table[:, :4], np.ones(len(table))]), table[:, 4], rcond=None)[0]
    assert weights @ [1500, 3, 2, 10, 1] == pytest.approx(350_000, rel=0.02)
    assert weights @ [900, 2, 1, 40, 1] == pytest.approx(190_000, rel=0.02)


def test_points_lie_on_their_plane() -> None:
    table = points()
    rest = table["y"] - (4 + 2 * table["x1"] - 3 * table["x2"] + 0.5 * table["x3"])
    assert float(np.std(rest.to_numpy())) == pytest.approx(0.1, rel=0.2)


def test_another_seed_and_size_give_another_table() -> None:
    assert houses(rows=10, seed=1).height == 10
    assert not houses(seed=1).equals(houses(seed=2))
