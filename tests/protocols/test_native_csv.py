from __future__ import annotations

import contextlib
import csv
import io
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carafe.errors import BodyTooLarge, InvalidInput, MalformedBody
from carafe.protocols.native_csv import decode_csv, encode_csv
from carafe.schema import Column, Kind, Prediction, PredictResponse, Signature, Target, Task
from served import EVERYTHING, HOUSES

ALL = "number,integer,boolean,category,code,text,when"


def problems(body: str, signature: Signature = HOUSES) -> list[tuple[int, str, str]]:
    with pytest.raises(InvalidInput) as caught:
        decode_csv(signature, body.encode(), max_rows=10)
    return [(problem.row, problem.field, problem.got) for problem in caught.value.problems]


def test_the_header_names_the_columns_in_any_order() -> None:
    decoded = decode_csv(HOUSES, b"bedrooms,area\r\n3,50.5\r\n,1e2\r\n", max_rows=10)
    area, bedrooms = decoded.rows.columns
    assert area.tolist() == [50.5, 100.0]
    assert bedrooms[0] == 3
    assert np.isnan(bedrooms[1])
    assert not decoded.single


def test_a_number_with_a_point_is_the_whole_number_that_a_category_is() -> None:
    column = Column(name="code", kind=Kind.CATEGORY, nullable=True, categories=(2, 3))
    signature = Signature(columns=(column, HOUSES.columns[0]), target=HOUSES.target)
    body = b"code,area\n3.0,1\n3,1\n 2. ,1\n2e0,1\n03,1\nx,1\n,1\n"
    assert decode_csv(signature, body, max_rows=10).rows.columns[0].tolist() == ["3", "3", "2", "2", "03", "x", None]
    assert problems("code,area\n3.5,1\n", signature) == [(0, "code", "3.5")]


def test_every_kind_of_column_is_read_from_text() -> None:
    body = f'{ALL}\n-1.5,3,TRUE,a,2,"hello, ""you""\nthere",2024-05-01\n.5,+7,,,x,0,\n'
    decoded = decode_csv(EVERYTHING, body.encode(), max_rows=10)
    number, integer, boolean, category, code, text, when = decoded.rows.columns
    assert number.tolist() == [-1.5, 0.5]
    assert integer.tolist() == [3, 7]
    assert boolean[0] == 1
    assert np.isnan(boolean[1])
    assert category.tolist() == ["a", None]
    assert code.tolist() == ["2", "x"]
    assert text.tolist() == ['hello, "you"\nthere', "0"]
    assert np.isnat(when[1])


def test_a_field_of_white_space_is_a_missing_value_as_in_training_but_in_a_text_it_is_text() -> None:
    decoded = decode_csv(EVERYTHING, f"{ALL}\n1,2, ,  ,2, ,\t\n".encode(), max_rows=10)
    _, _, boolean, category, _, text, when = decoded.rows.columns
    assert np.isnan(boolean[0])
    assert category.tolist() == [None]
    assert text.tolist() == [" "]
    assert np.isnat(when[0])
    assert problems("area,bedrooms\n ,3\n") == [(0, "area", "null")]


def test_a_byte_order_mark_and_blank_lines_are_passed_over() -> None:
    decoded = decode_csv(HOUSES, b"\xef\xbb\xbfarea,bedrooms\n\n1,2\n\n", max_rows=10)
    assert decoded.rows.count == 1


def test_a_blank_line_of_a_single_column_is_a_missing_value() -> None:
    signature = Signature(
        columns=(Column(name="x", kind=Kind.NUMBER, nullable=True),), target=Target(name="y", task=Task.REGRESSION)
    )
    decoded = decode_csv(signature, b"x\n1\n\n3\n", max_rows=10)
    assert np.isnan(decoded.rows.columns[0][1])


@pytest.mark.parametrize("field", ["abc", "1_000", "nan", "inf", "0x10", "1,5", "\u0661", "true", "1.2.3"])
def test_a_field_that_is_no_number_is_named_with_its_row(field: str) -> None:
    assert problems(f'area,bedrooms\n1,2\n"{field}",3\n')[0][:2] == (1, "area")


def test_missing_unknown_and_repeated_columns_are_named() -> None:
    assert problems("area,rooms\n1,2\n") == [
        (0, "bedrooms", "no such column in the header"),
        (0, "rooms", "an unknown column"),
    ]
    assert problems("area,bedrooms,area\n1,2,3\n") == [(0, "area", "the column more than once")]


def test_rows_of_another_width_are_named() -> None:
    assert problems("area,bedrooms\n1,2\n1\n1,2,3\n") == [(1, "", "1 fields"), (2, "", "3 fields")]


def test_a_header_alone_is_an_empty_list() -> None:
    assert problems("area,bedrooms\n") == [(0, "", "an empty list")]


@pytest.mark.parametrize(
    ("body", "story"),
    [
        (b"", "no header"),
        (b"\n\n", "no header"),
        (b"area,bedrooms\n\xff,1", "not UTF-8"),
        (b'area,bedrooms\n"1,2', "not CSV"),
        (b'area,bedrooms\n"1"x,2', "not CSV"),
        (b'area,bedrooms\n"' + b"1" * 200_000 + b'",2', "not CSV"),
    ],
)
def test_a_body_that_is_not_csv_is_refused(body: bytes, story: str) -> None:
    with pytest.raises(MalformedBody, match=story):
        decode_csv(HOUSES, body, max_rows=10)


def test_a_long_field_that_almost_is_a_number_is_refused_quickly() -> None:
    began = time.thread_time()
    assert problems("area,bedrooms\n" + "1" * 100_000 + "x,2\n")
    assert time.thread_time() - began < 1


def test_more_rows_than_allowed_are_refused() -> None:
    with pytest.raises(BodyTooLarge, match="got more than 10 rows"):
        decode_csv(HOUSES, b"area,bedrooms\n" + b"1,2\n" * 11, max_rows=10)


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: f"area,bedrooms\n{text}".encode()))
def test_any_body_is_rows_or_a_named_problem(body: bytes) -> None:
    with contextlib.suppress(MalformedBody, InvalidInput, BodyTooLarge):
        decode_csv(HOUSES, body, max_rows=10)


def answer(*classes: str) -> PredictResponse:
    signature = Signature(columns=(), target=Target(name="y", task=Task.CLASSIFICATION, classes=classes))
    count = len(classes)
    return PredictResponse(
        name="m",
        version=1,
        signature=signature,
        prediction=Prediction(values=np.arange(count), probabilities=np.eye(count)),
    )


def test_answers_come_as_csv_with_probabilities_by_label() -> None:
    rows = list(csv.reader(io.StringIO(encode_csv(answer("no", 'y"e,s')).decode(), newline="")))
    assert rows == [
        ["prediction", "probability_no", 'probability_y"e,s'],
        ["no", "1.0", "0.0"],
        ['y"e,s', "0.0", "1.0"],
    ]


def test_numbers_come_as_csv_that_reads_back_exactly() -> None:
    values = np.array([1 / 3, -2.5, 1e300])
    text = encode_csv(
        PredictResponse(name="m", version=1, signature=HOUSES, prediction=Prediction(values=values))
    ).decode()
    assert text == f"prediction\r\n{1 / 3!r}\r\n-2.5\r\n1e300\r\n"
    assert [float(line) for line in text.split()[1:]] == values.tolist()


@pytest.mark.parametrize("label", ["=1+1", "+1", "-x", "@sum", "\tx"])
def test_a_label_that_a_spreadsheet_would_run_is_defused(label: str) -> None:
    rows = list(csv.reader(io.StringIO(encode_csv(answer(label)).decode(), newline="")))
    assert rows[1][0] == f"'{label}"
