from __future__ import annotations

import json

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carafe.errors import InvalidInput
from carafe.schema import Column, Kind, Signature
from carafe.schema.json_schema import answer_schema, column_schema, example_record, record_schema
from carafe.schema.rows import encode_records
from carafe.schema.values import EXACT_INTEGER
from served import EVERYTHING, HOUSES, IRIS, everything

VALIDATOR = jsonschema.Draft202012Validator(record_schema(EVERYTHING))


@pytest.mark.parametrize("signature", [HOUSES, IRIS, EVERYTHING], ids=["houses", "iris", "everything"])
def test_the_schema_is_a_valid_2020_12_document(signature: Signature) -> None:
    for schema in (record_schema(signature), answer_schema(signature)):
        jsonschema.Draft202012Validator.check_schema(schema)


values = (
    st.none()
    | st.booleans()
    | st.integers(-(2**54), 2**54)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["a", "b", "2024-05-01", ""])
    | st.lists(st.none(), max_size=1)
)


@given(st.sampled_from([*EVERYTHING.names, "other"]), values)
def test_the_schema_and_the_validation_agree(name: str, value: object) -> None:
    if name == "when" and isinstance(value, str):
        return  # that a text is a date is told in words: JSON Schema's own format wants an offset, which is optional
    if name == "code" and isinstance(value, float) and value.is_integer():
        return  # JSON Schema calls 1.0 an integer; as a category's code it is refused
    if name == "number" and isinstance(value, int) and abs(value) > EXACT_INTEGER:
        return  # a whole number that a double can't hold is refused; JSON Schema has no word for it
    record = everything(**{name: value})
    try:
        encode_records(EVERYTHING, [record])
        taken = True
    except InvalidInput:
        taken = False
    assert VALIDATOR.is_valid(record) == taken


def test_ranges_and_categories_met_in_training_inform_and_do_not_forbid() -> None:
    area = column_schema(HOUSES.columns[0])
    assert area == {"type": "number", "description": "A number. Met in training: 30 to 500.", "examples": [1500]}
    category = column_schema(EVERYTHING.columns[3])
    assert category["type"] == ["string", "null"]
    assert category["examples"] == ["a", "b"]
    assert "a, b; another value that training did not meet is served as unknown" in category["description"]


def test_a_hundred_categories_are_summed_up() -> None:
    column = Column(name="x", kind=Kind.CATEGORY, categories=tuple(f"c{n}" for n in range(100)))
    schema = column_schema(column)
    assert len(schema["examples"]) == 20
    assert "and 80 more" in schema["description"]


def test_the_example_record_fits_its_own_signature() -> None:
    record = example_record(HOUSES)
    assert record == {"area": 1500, "bedrooms": 3}
    assert encode_records(HOUSES, [json.loads(json.dumps(record))]).count == 1
    assert example_record(EVERYTHING) is None
