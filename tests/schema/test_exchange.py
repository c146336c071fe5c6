from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carafe.errors import InvalidName
from carafe.schema import ModelRef
from carafe.schema.exchange import CHAMPION, NAME_PATTERN, check_name

NAMES = st.from_regex(NAME_PATTERN, fullmatch=True).filter(lambda name: ".." not in name)
ALIASES = NAMES.filter(lambda name: not name.isdigit())
REFS = (
    st.builds(ModelRef, name=NAMES)
    | st.builds(ModelRef, name=NAMES, version=st.integers(1, 999_999_999))
    | st.builds(ModelRef, name=NAMES, alias=ALIASES)
)


@given(REFS)
def test_a_reference_reads_back_from_its_text(ref: ModelRef) -> None:
    assert ModelRef.parse(str(ref)) == ref


@given(st.text())
def test_any_text_is_a_well_formed_reference_or_an_invalid_name(text: str) -> None:
    try:
        ref = ModelRef.parse(text)
    except InvalidName:
        return
    assert re.fullmatch(r"[a-z0-9._-]+(@[a-z0-9._-]+)?", text)
    assert (ref.version is None) != (ref.alias is None)


def test_a_name_alone_means_the_champion() -> None:
    assert ModelRef.parse("houses") == ModelRef(name="houses") == ModelRef(name="houses", alias=CHAMPION)
    assert str(ModelRef(name="houses")) == "houses@champion"


def test_a_number_is_a_version_and_a_word_is_an_alias() -> None:
    assert ModelRef.parse("houses@3") == ModelRef(name="houses", version=3)
    assert ModelRef.parse("houses@staging") == ModelRef(name="houses", alias="staging")


@pytest.mark.parametrize("text", ["houses@0", "houses@007", "houses@1234567890"])
def test_a_version_is_a_whole_number_without_leading_zeros(text: str) -> None:
    with pytest.raises(InvalidName, match="a version is a whole number from 1 to 999999999"):
        ModelRef.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "@", "@3", "houses@", "houses@3@4", "Houses", "houses ", "a/b", "../a", "a..b", ".a", "a.", "-a"),
        *("a\n", "a\0", "x" * 65, "é", "houses@Champion", "houses@٣", "houses@-1"),
    ],
)
def test_a_malformed_reference_is_refused_with_the_rule(text: str) -> None:
    with pytest.raises(InvalidName, match="lower-case letters, digits"):
        ModelRef.parse(text)


def test_a_reference_is_by_version_or_by_alias_but_not_both() -> None:
    with pytest.raises(InvalidName, match="not both"):
        ModelRef(name="houses", version=3, alias="staging")


def test_an_alias_of_digits_would_hide_behind_a_version() -> None:
    with pytest.raises(InvalidName, match="a number alone is a version"):
        check_name("3", what="alias")
    assert check_name("3") == "3"


def test_the_message_says_what_was_to_be_named() -> None:
    with pytest.raises(InvalidName, match="'Gold' is no alias name"):
        check_name("Gold", what="alias")


def test_a_reference_that_is_no_string_is_told_what_one_looks_like() -> None:
    with pytest.raises(InvalidName, match="got 5, expected the name of a model as a string, such as 'houses'"):
        ModelRef.parse(5)  # type: ignore[arg-type] # what a user may give all the same
