from __future__ import annotations

import inspect
import re

import pytest

from carafe import errors
from carafe.errors import CarafeError, FieldProblem, InvalidInput

CLASSES = [
    member
    for _, member in inspect.getmembers(errors, inspect.isclass)
    if issubclass(member, CarafeError) and member is not CarafeError
]


@pytest.mark.parametrize("error", CLASSES)
def test_an_error_tells_when_it_is_raised_and_has_a_title(error: type[CarafeError]) -> None:
    assert (error.__doc__ or "").startswith(("Raised when ", "Base of "))
    assert error.title[0].isupper()
    assert not error.title.endswith(".")


@pytest.mark.parametrize("error", CLASSES)
def test_an_error_has_a_slug_of_its_own_named_like_its_class(error: type[CarafeError]) -> None:
    assert error.slug == re.sub(r"(?<!^)(?=[A-Z])", "-", error.__name__).lower()


def test_a_problem_reads_as_a_sentence_and_names_the_row_of_a_batch() -> None:
    problem = FieldProblem(row=2, field="area", got='"big"', expected="a number")
    assert str(problem) == 'row 2, area: got "big", expected a number'
    assert str(FieldProblem(row=0, field="", got="a list", expected="an object")) == (
        "record: got a list, expected an object"
    )


def test_invalid_input_shows_the_first_five_problems_and_keeps_them_all() -> None:
    problems = [FieldProblem(row=0, field=f"f{index}", got="null", expected="a number") for index in range(6)]
    error = InvalidInput(problems)
    assert error.problems == tuple(problems)
    assert str(error).count("expected") == 5
    assert str(error).endswith("; ...")
    assert not str(InvalidInput(problems[:5])).endswith("...")
