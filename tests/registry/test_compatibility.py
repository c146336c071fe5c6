"""What breaks callers is found: every record that the champion takes is taken by whatever passes."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carafe.errors import InvalidInput
from carafe.models import Manifest
from carafe.registry.compatibility import breaks
from carafe.schema import Column, Kind, Signature, Target, Task
from carafe.schema.rows import encode_records
from carafe.testing.metadata_examples import example_manifest

TARGET = Target(name="price", task=Task.REGRESSION)
CLASSES = Target(name="sold", task=Task.CLASSIFICATION, classes=("no", "yes"))


def manifest(*columns: Column, target: Target = TARGET, probabilities: bool = False) -> Manifest:
    signature = Signature(columns=columns, target=target)
    return msgspec.structs.replace(example_manifest(), signature=signature, probabilities=probabilities)


def column(name: str = "a", kind: Kind = Kind.NUMBER, **more: object) -> Column:
    return msgspec.structs.replace(Column(name=name, kind=kind), **more)


A, B = column("a"), column("b")


@pytest.mark.parametrize(
    ("candidate", "champion", "told"),
    [
        ((A,), (A, B), "it does not take 'b'"),
        ((A, B), (A,), "it asks for 'b'"),
        ((A, column("b", nullable=True)), (A,), "it asks for 'b'"),
        ((B, A), (A, B), "another order"),
        ((column(kind=Kind.INTEGER),), (A,), "'a' was a number and is a integer"),
        ((column(kind=Kind.CATEGORY),), (column(kind=Kind.TEXT),), "'a' was a text and is a category"),
        ((column(kind=Kind.TEXT),), (column(kind=Kind.DATETIME),), "'a' was a datetime"),
        ((column(kind=Kind.NUMBER),), (column(kind=Kind.BOOLEAN),), "'a' was a boolean"),
        (
            (column(kind=Kind.CATEGORY, categories=("x",)),),
            (column(kind=Kind.CATEGORY, categories=(1, 2)),),
            "'a' was a category of whole numbers and is a category",
        ),
        ((column(kind=Kind.TEXT),), (column(kind=Kind.CATEGORY, categories=(1,)),), "category of whole numbers"),
        ((A,), (column(nullable=True),), "'a' could be null and can't any more"),
    ],
)
def test_a_column_that_takes_less_breaks_callers(
    candidate: tuple[Column, ...], champion: tuple[Column, ...], told: str
) -> None:
    found = breaks(manifest(*candidate), manifest(*champion))
    assert len(found) == 1
    assert told in found[0]


@pytest.mark.parametrize(
    ("candidate", "champion"),
    [
        (column(), column(kind=Kind.INTEGER)),
        (column(kind=Kind.TEXT), column(kind=Kind.CATEGORY, categories=("x",))),
        (column(nullable=True), column()),
        (column(minimum=5.0, maximum=6.0), column(minimum=0.0, maximum=1.0)),
        (column(kind=Kind.CATEGORY, categories=("y", "z")), column(kind=Kind.CATEGORY, categories=("x",))),
    ],
)
def test_a_column_that_takes_more_breaks_nobody(candidate: Column, champion: Column) -> None:
    assert breaks(manifest(candidate), manifest(champion)) == ()


@pytest.mark.parametrize(
    ("target", "told"),
    [
        (Target(name="rent", task=Task.CLASSIFICATION, classes=("no", "yes")), "it predicts 'rent' instead of 'sold'"),
        (Target(name="sold", task=Task.REGRESSION), "it is a regression instead of a classification"),
        (Target(name="sold", task=Task.CLASSIFICATION, classes=("yes", "no")), "its classes are 'yes', 'no'"),
        (Target(name="sold", task=Task.CLASSIFICATION, classes=("no", "yes", "maybe")), "its classes are"),
    ],
)
def test_an_answer_of_another_form_breaks_callers(target: Target, told: str) -> None:
    found = breaks(manifest(A, target=target), manifest(A, target=CLASSES))
    assert len(found) == 1
    assert told in found[0]


def test_labels_of_another_type_are_other_labels() -> None:
    one, other = (Target(name="sold", task=Task.CLASSIFICATION, classes=each) for each in ((0, 1), (False, True)))
    assert breaks(manifest(A, target=one), manifest(A, target=other)) == (
        "its classes are 0, 1 instead of False, True",
    )


def test_probabilities_may_come_and_not_go() -> None:
    without, giving = (manifest(A, target=CLASSES, probabilities=each) for each in (False, True))
    assert breaks(giving, without) == ()
    assert breaks(without, giving) == ("it gives no probabilities",)


columns = st.builds(
    lambda name, kind, nullable, numbered: column(
        name, kind, nullable=nullable, categories=((1, 2) if numbered else ("1", "x")) if kind is Kind.CATEGORY else ()
    ),
    st.sampled_from("ab"),
    st.sampled_from(Kind),
    st.booleans(),
    st.booleans(),
)
signatures = st.lists(columns, max_size=2, unique_by=lambda one: one.name)
values = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**54), 2**54), st.floats(), st.text(max_size=3),
    st.sampled_from(["1", "2026-11-01", "2026-11-01T12:00:00Z"]),
)  # fmt: skip
records = st.one_of(st.dictionaries(st.sampled_from("ab"), values), st.lists(values, max_size=2))


@given(signatures, signatures, records)
def test_what_passes_takes_every_record_that_the_champion_takes(
    mine: list[Column], theirs: list[Column], record: object
) -> None:
    candidate, champion = manifest(*mine), manifest(*theirs)
    if breaks(candidate, champion):
        return
    try:
        encode_records(champion.signature, [record])
    except InvalidInput:
        return
    encode_records(candidate.signature, [record])
