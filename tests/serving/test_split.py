from __future__ import annotations

import math
import subprocess
import sys
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from carafe.registry import Share, Traffic
from carafe.schema import ModelRef
from carafe.serving import Served, Split
from carafe.testing.metadata_examples import example_manifest
from served import HOUSES, RuleModel, houses_rule

CALLERS = [f"caller {number}" for number in range(4000)]
MODEL = RuleModel(HOUSES, houses_rule)


def split(percents: dict[int, float], *, ref: str = "houses", sticky: str | None = "header:X-User") -> Split:
    """Return a split of versions by number, of which the first is the main one."""
    shares = tuple(Share(version=number, percent=percent) for number, percent in percents.items())
    served = {
        number: Served(name="houses", number=number, manifest=example_manifest(), model=MODEL) for number in percents
    }
    traffic = Traffic(shares=shares, sticky=sticky)
    return Split(ref=ModelRef.parse(ref), traffic=traffic, main=served[traffic.main], answering=tuple(served.values()))


@st.composite
def percentages(draw: st.DrawFn) -> dict[int, float]:
    """Return the shares of two to five versions, in any order, in hundredths of a percent."""
    count = draw(st.integers(2, 5))
    cuts = sorted(draw(st.lists(st.integers(1, 9999), min_size=count - 1, max_size=count - 1, unique=True)))
    widths = [end - begin for begin, end in zip([0, *cuts], [*cuts, 10_000], strict=True)]
    numbers = draw(st.permutations(range(1, count + 1)))
    return {number: width / 100 for number, width in zip(numbers, widths, strict=True)}


@given(percentages())
@settings(max_examples=30)
def test_every_version_answers_as_many_callers_as_its_share_says(percents: dict[int, float]) -> None:
    found = split(percents)
    counts = Counter(found.choose(caller).number for caller in CALLERS)
    for number, percent in percents.items():
        share, total = percent / 100, len(CALLERS)
        assert abs(counts[number] - share * total) <= 6 * math.sqrt(total * share * (1 - share)) + 1


@given(percentages())
@settings(max_examples=10)
def test_without_anything_to_keep_to_each_request_draws(percents: dict[int, float]) -> None:
    found = split(percents, sticky=None)
    counts = Counter(found.choose().number for _ in CALLERS)
    for number, percent in percents.items():
        share, total = percent / 100, len(CALLERS)
        assert abs(counts[number] - share * total) <= 6 * math.sqrt(total * share * (1 - share)) + 1


@given(percentages(), st.text())
def test_every_caller_gets_a_version_and_always_the_same(percents: dict[int, float], caller: str) -> None:
    found, again = split(percents), split(percents)
    assert 0 <= found.number(caller) < 10_000
    assert found.choose(caller).number == again.choose(caller).number in percents


@given(st.integers(1, 9999), st.integers(1, 9999), st.booleans(), st.booleans())
@settings(max_examples=30)
def test_a_growing_share_keeps_whoever_had_it(one: int, other: int, newer: bool, main_changes: bool) -> None:  # noqa: FBT001
    less, more = sorted([one, other])
    growing, shrinking = (2, 1) if newer else (1, 2)
    before = split({shrinking: (10_000 - less) / 100, growing: less / 100})
    after = {shrinking: (10_000 - more) / 100, growing: more / 100}
    grown = split(dict(reversed(after.items())) if main_changes else after)
    had = {caller for caller in CALLERS[:500] if before.choose(caller).number == growing}
    assert {grown.choose(caller).number for caller in had} <= {growing}


def test_those_whom_one_model_tries_out_first_are_not_anothers() -> None:
    one, other = split({1: 75, 2: 25}), split({1: 75, 2: 25}, ref="flowers")
    both = Counter((one.choose(caller).number, other.choose(caller).number) for caller in CALLERS)
    assert abs(both[2, 2] - len(CALLERS) / 16) <= 6 * math.sqrt(len(CALLERS) * 15 / 256)
    staged = split({1: 75, 2: 25}, ref="houses@staging")
    assert {caller for caller in CALLERS if one.choose(caller).number == 2} != {
        caller for caller in CALLERS if staged.choose(caller).number == 2
    }


def test_numbers_are_the_same_in_every_process_and_every_release() -> None:
    program = (
        "from serving.test_split import split; found = split({1: 95, 2: 5}); "
        "print(*[found.number(caller) for caller in ('ada', 'grace', 'é', '7')])"
    )
    done = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert done[0] == done[1] == "9780 6565 5971 5993\n"


def test_the_share_of_a_version_that_is_not_loaded_is_the_main_ones() -> None:
    whole = split({1: 80, 2: 15, 3: 5})
    left = Split(ref=whole.ref, traffic=whole.traffic, main=whole.main, answering=whole.answering[:2])
    for caller in CALLERS[:500]:
        before = whole.choose(caller).number
        assert left.choose(caller).number == (1 if before == 3 else before)


def test_headers_are_looked_for_under_the_names_that_wsgi_gives_them() -> None:
    assert split({1: 95, 2: 5}, sticky="header:X-User-Id").header == "HTTP_X_USER_ID"
    assert split({1: 95, 2: 5}, sticky="header:content-type").header == "CONTENT_TYPE"
    assert split({1: 95, 2: 5}, sticky="field:customer").field == "customer"
    found = split({1: 95, 2: 5}, sticky=None)
    assert (found.header, found.field) == (None, None)
