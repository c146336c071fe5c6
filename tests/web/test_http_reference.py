"""The calls in the HTTP reference answer what it says they answer."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from served import publish_rule
from web.conftest import House, build_house

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "http.md"
CALLS = re.findall(
    r"```text\n((?:GET|POST|PUT|DELETE) .*?)\n```\n\n```json\n(.*?)\n```", PAGE.read_text(encoding="utf-8"), re.DOTALL
)


@pytest.fixture(scope="module")
def house() -> House:
    built = build_house()
    for name in ("houses", "iris"):
        publish_rule(built.service.registry, name, name)
    built.service.catalog.warm()
    return built


def fits(told: object, got: object) -> bool:
    """Compare with what is told, where "..." stands for any text."""
    if told == "...":
        return isinstance(got, str)
    if isinstance(told, dict) and isinstance(got, dict):
        return told.keys() == got.keys() and all(fits(value, got[name]) for name, value in told.items())
    if isinstance(told, list) and isinstance(got, list):
        return len(told) == len(got) and all(map(fits, told, got))
    return told == pytest.approx(got) if isinstance(told, float) else told == got


@pytest.mark.parametrize(("call", "told"), CALLS, ids=[call.partition("\n")[0] for call, _ in CALLS])
def test_the_reference_tells_what_happens(house: House, call: str, told: str) -> None:
    first, _, rest = call.partition("\n")
    method, path = first.split(" ")
    head, _, body = rest.rpartition("\n\n")
    headers = dict(line.split(": ", 1) for line in head.splitlines())
    assert fits(json.loads(told), house.ask(method, path, body, headers).json)


def test_the_reference_has_calls() -> None:
    assert len(CALLS) >= 10
