from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carafe.schema import Column, Kind, Signature, Target, Task

TEXT = st.text(max_size=8)
LABELS = TEXT | st.integers(-(2**53), 2**53) | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)
SIGNATURES = st.builds(
    lambda columns, target: Signature(columns=tuple(columns), target=target),
    st.lists(
        st.builds(
            Column,
            name=TEXT,
            kind=st.sampled_from(Kind),
            nullable=st.booleans(),
            categories=st.lists(TEXT | st.integers(-(2**53), 2**53), max_size=3).map(tuple),
            minimum=st.none() | st.floats(allow_nan=False, allow_infinity=False),
            example=st.none() | LABELS,
        ),
        max_size=5,
        unique_by=lambda column: column.name,
    ),
    st.builds(Target, name=TEXT, task=st.sampled_from(Task), classes=st.lists(LABELS, max_size=4).map(tuple)),
)


@given(SIGNATURES)
def test_a_signature_survives_json_with_labels_in_their_own_type(signature: Signature) -> None:
    back = msgspec.json.decode(msgspec.json.encode(signature), type=Signature)
    assert back == signature
    assert [type(label) for label in back.target.classes] == [type(label) for label in signature.target.classes]


def test_names_and_positions_follow_the_columns() -> None:
    signature = _signature("area", "age")
    assert signature.names == ("area", "age")
    assert signature.position == {"area": 0, "age": 1}


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="columns of one name: age"):
        _signature("age", "area", "age")


def test_a_stored_signature_with_two_columns_of_one_name_is_refused() -> None:
    text = msgspec.json.encode(_signature("age", "area")).replace(b"area", b"age")
    with pytest.raises(msgspec.ValidationError, match="columns of one name: age"):
        msgspec.json.decode(text, type=Signature)


def test_a_stored_signature_with_an_unknown_field_is_refused() -> None:
    text = msgspec.json.encode(_signature("age")).replace(b'"target"', b'"colour":1,"target"')
    with pytest.raises(msgspec.ValidationError, match="colour"):
        msgspec.json.decode(text, type=Signature)


def test_a_signature_can_not_be_changed() -> None:
    with pytest.raises(AttributeError):
        _signature("age").columns = ()  # type: ignore[misc]


def _signature(*names: str) -> Signature:
    return Signature(
        columns=tuple(Column(name=name, kind=Kind.NUMBER) for name in names),
        target=Target(name="price", task=Task.REGRESSION),
    )
