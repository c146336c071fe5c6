from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carafe.access import Permission
from carafe.errors import AliasChanged, InvalidParameter
from carafe.registry import Action, Entry, memory_registry
from carafe.schema import ModelRef
from carafe.web.call import IF_MATCH, Call
from carafe.web.precondition import conditionally, tag
from carafe.web.route import Route
from carafe.web.routes import ROUTES
from sealed import publish, untried
from served import publish_rule
from web.conftest import House

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


CHANGES = [route for route in ROUTES if route.permission in {Permission.PROMOTE, Permission.DELETE}]


@pytest.mark.parametrize("route", CHANGES, ids=[f"{route.method} {route.path}" for route in CHANGES])
def test_no_route_that_changes_something_passes_a_condition_over(empty_house: House, route: Route) -> None:
    """A tag that nothing has ever had stands against every change, and none is made."""
    registry = empty_house.service.registry
    for rule in ("houses", "cheap houses", "cheap houses"):
        publish_rule(registry, "houses", rule)
    registry.promote(ModelRef(name="houses", version=2))
    if route.path.rpartition("/")[2] in {"pause", "resume"} or (route.method, route.path[-7:]) == ("DELETE", "rollout"):
        registry.rollouts.begin("houses", 1)
    before = registry.history("houses")
    values = {"name": "houses", "alias": "champion", "number": "3"}
    path = re.sub("<(.*?)>", lambda found: values[found[1]], route.path)
    bodies = {"RolloutOrder": '{"version": 1}', "AliasChange": '{"version": 1}', "GatesDocument": '{"proof": true}'}
    body = bodies.get(route.takes.__name__, "") if isinstance(route.takes, type) else ""
    for header, value in (("If-Match", '"900000"'), ("If-None-Match", "*")):
        answer = empty_house.ask(route.method, path, body, {header: value})
        slug = "alias-changed" if route.conditional else "precondition-failed"
        assert (answer.status, answer.json["type"]) == (412, f"urn:carafe:problem:{slug}"), header
    assert registry.history("houses") == before
    assert empty_house.ask(route.method, path, body, {"If-Match": "*"}).status < 300


def test_an_alias_that_is_gone_is_not_there_any_more() -> None:
    call = Call(method="PUT", path="/", query="", headers={IF_MATCH: "*"}, peer="", read=bytes)
    with pytest.raises(AliasChanged, match="houses has no alias 'none'"):
        conditionally(call, REGISTRY, "houses", "none", lambda _: REGISTRY.history("houses").items[0])
