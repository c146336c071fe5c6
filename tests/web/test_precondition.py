from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carafe.errors import AliasChanged, InvalidParameter
from carafe.registry import Action, Entry, memory_registry
from carafe.schema import ModelRef
from carafe.web.call import IF_MATCH, Call
from carafe.web.precondition import conditionally, tag
from sealed import publish, untried

REGISTRY = untried(memory_registry())
publish(REGISTRY)
REVISION = REGISTRY.alias("houses").revision


def expected(value: str) -> int | None:
    """Return the revision that a change is told to expect."""
    call = Call(method="PUT", path="/", query="", headers={IF_MATCH: value}, peer="", read=bytes)
    told: list[int | None] = []

    def act(revision: int | None) -> Entry:
        told.append(revision)
        return REGISTRY.history("houses").items[0]

    conditionally(call, REGISTRY, "houses", "champion", act)
    return told[0]


@given(st.integers(1, 10**18 - 1))
def test_every_revision_is_read_as_it_was_told(revision: int) -> None:
    assert expected(tag(revision)[1]) == revision


tags = st.text(st.characters(min_codepoint=0x23, max_codepoint=0x7E), max_size=8).map('"{}"'.format)


@given(st.lists(tags, max_size=5), st.lists(tags, max_size=5), st.sampled_from([",", ", ", " ,\t"]))
def test_a_revision_is_found_among_any_other_tags(before: list[str], after: list[str], comma: str) -> None:
    assert expected(comma.join([*before, tag(REVISION)[1], *after])) == REVISION


@given(st.text(max_size=30))
def test_any_text_is_a_condition_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidParameter, AliasChanged):
        assert expected(text) is not None


def test_a_star_outlasts_those_who_are_faster() -> None:
    """What only has to be there may change between the look and the change."""
    registry = untried(memory_registry())
    publish(registry)
    publish(registry)
    rivals = iter([2, 1, 2])

    def act(revision: int | None) -> Entry:
        rival = next(rivals, None)
        if rival is not None:
            registry.promote(ModelRef(name="houses", version=rival))
        return registry.promote(ModelRef(name="houses", version=1), expected=revision)

    call = Call(method="PUT", path="/", query="", headers={IF_MATCH: "*"}, peer="", read=bytes)
    entry = conditionally(call, registry, "houses", "champion", act)
    assert (entry.action, registry.alias("houses").revision) == (Action.PROMOTE, entry.id)


def test_an_alias_that_is_gone_is_not_there_any_more() -> None:
    call = Call(method="PUT", path="/", query="", headers={IF_MATCH: "*"}, peer="", read=bytes)
    with pytest.raises(AliasChanged, match="houses has no alias 'none'"):
        conditionally(call, REGISTRY, "houses", "none", lambda _: REGISTRY.history("houses").items[0])
