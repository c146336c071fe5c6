from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

import carafe
from carafe.access.account import account
from carafe.errors import NothingToRollBack, PromotionRefused
from carafe.registry import Action, Gates, HistoryQuery, open_registry
from carafe.settings import Settings


def test_promotion_and_rollback_are_two_calls_and_say_who_and_why(home: Path, houses: pd.DataFrame) -> None:
    sample = houses[["area"]]
    estimator = LinearRegression().fit(sample, houses["price"])
    for reason in ("first", "second"):
        carafe.publish(estimator, "houses", sample=sample, reason=reason)
    entry = carafe.promote("houses@2", reason="new districts")
    assert (entry.by, entry.reason, entry.action) == (account(), "new districts", Action.PROMOTE)
    assert carafe.load("houses").version.number == 2
    assert carafe.rollback("houses", reason="complaints").reason == "complaints"
    assert carafe.load("houses").version.number == 1
    with pytest.raises(NothingToRollBack):
        carafe.rollback("houses")
    registry = open_registry(Settings(home=home))
    told = [(entry.by, entry.reason) for entry in registry.history("houses", HistoryQuery(size=5)).items]
    assert told[0] == (account(), "complaints")
    assert (account(), "second") in told
    registry.set_gates("houses", Gates(worse_by=0.0))
    registry.close()
    with pytest.raises(PromotionRefused, match="worse-by: its held-out rows are not those of the champion houses@1"):
        carafe.promote("houses@2")
    assert carafe.promote("houses@2", force=True).forced
