from __future__ import annotations

import pytest

from carafe.errors import AliasNotFound, CarafeError, CorruptArtefact, StorageUnavailable
from carafe.schema import ModelRef
from carafe.serving.faults import Faults
from carafe.serving.readiness import Fault

AWAY = StorageUnavailable("the database can't be used now")


@pytest.mark.parametrize(
    ("ref", "wanted", "answering", "error", "told"),
    [
        ("houses", 2, 1, CorruptArtefact("cut"), "houses@champion can't answer with version 2: cut"),
        ("nope@staging", None, None, AliasNotFound("there is none"), "nope@staging can't answer: there is none"),
        ("houses", None, None, AWAY, f"houses@champion can't answer: {AWAY}"),
        (
            "houses",
            None,
            1,
            AWAY,
            f"houses@champion goes on with version 1, for what should answer now can't be found out: {AWAY}",
        ),
    ],
)
def test_a_fault_is_logged_with_the_versions_that_are_known(
    caplog: pytest.LogCaptureFixture, ref: str, wanted: int | None, answering: int | None, error: CarafeError, told: str
) -> None:
    fault = Fault(ref=ModelRef.parse(ref), wanted=wanted, answering=answering, error=error)
    Faults().note(fault.ref, fault)
    assert [record.getMessage() for record in caplog.records] == [told]


def test_a_fault_is_logged_when_it_is_new_and_not_as_often_as_it_is_met(caplog: pytest.LogCaptureFixture) -> None:
    faults = Faults()
    fault = Fault(ref=ModelRef.parse("houses"), wanted=None, answering=1, error=AWAY)
    for _ in range(3):
        faults.note(fault.ref, fault)
    assert len(caplog.records) == 1
    faults.note(fault.ref, None)
    assert faults.all() == ()
    faults.note(fault.ref, fault)
    assert len(caplog.records) == 2
