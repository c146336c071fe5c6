from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carafe.protocols.first_field import canonical, first_field_csv, first_field_json
from served import EVERYTHING, HOUSES, everything


@pytest.mark.parametrize(
    "body",
    [
        '{"area": 7, "bedrooms": 3}',
        ' \n{"bedrooms": null, "area": 7.0}',
        '{"bedrooms": [1, {}], "area": "7"}',
        "[7, 3]",
        " [ 7.0 , 3]",
        '[{"area": 7}, {"area": 8}]',
        '[ {"area": 7e0}, "what is behind the first record is not read',
        "[[7, 3], [8, 3]]",
    ],
)
def test_a_field_is_found_in_every_shape_that_a_body_may_have(body: str) -> None:
    assert first_field_json(HOUSES, body.encode(), "area") == "7"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "[[]]",
        "{}",
        "7",
        '"area"',
        '{"area": ',
        "\x00",
        '{"area": {"a": 1}}',
        '{"area": null}',
        '{"area": ""}',
        "[" * 100000,
        '{"area": ' + "9" * 5000 + "}",
        "\ufeff[7, 3]",
    ],
)
def test_a_body_that_does_not_tell_a_field_has_none(body: str) -> None:
    assert first_field_json(HOUSES, body.encode(), "area") is None


def test_bytes_that_are_no_text_tell_nothing() -> None:
    assert first_field_json(HOUSES, b"\xff\xfe{", "area") is None
    assert first_field_csv(HOUSES, b"\xff\xfe\x00,", "area") is None


@given(st.integers(0, 30), st.sampled_from(["customer 1", "é", "7"]))
def test_a_first_record_of_any_length_is_read_to_its_end(length: int, text: str) -> None:
    record = everything(text="x" * (length * 4000), category=text)
    assert first_field_json(EVERYTHING, json.dumps([record, record]).encode(), "category") == text
    lines = [",".join(EVERYTHING.names), ",".join(str(record[name]) for name in EVERYTHING.names), "z,z"]
    assert first_field_csv(EVERYTHING, "\r\n".join(lines).encode(), "category") == text


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("area,bedrooms\r\n7.0,3\r\n8,3\r\n", "7"),
        ("bedrooms,area\n,7\n", "7"),
        ("\ufeffarea,bedrooms\n\n 7 ,3", "7"),
        ('area,bedrooms\n"7",3', "7"),
        ("area,bedrooms\n,3", None),
        ("area,bedrooms\n", None),
        ("bedrooms\n3", None),
        ("", None),
        ('area,bedrooms\n"7', None),
    ],
)
def test_csv_tells_the_field_of_its_first_row(body: str, found: str | None) -> None:
    assert first_field_csv(HOUSES, body.encode(), "area") == found


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (7, "7"),
        (7.0, "7"),
        ("7", "7"),
        (-0.0, "0"),
        (7.5, "7.5"),
        ("7.0", "7.0"),
        (True, "true"),
        (2**70, str(2**70)),
        (1e300, "1e+300"),
        (float("inf"), "inf"),
        (None, None),
        ([], None),
        ("", None),
    ],
)
def test_values_that_mean_the_same_caller_are_one_text(value: Any, text: str | None) -> None:  # noqa: ANN401
    assert canonical(value) == text
