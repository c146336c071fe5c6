from __future__ import annotations

import contextlib
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carafe.errors import MalformedBody
from carafe.protocols.strict_json import Repeated, read_json, repetitions

plain = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(codec="utf-8"), max_size=8)
values = st.recursive(plain | texts, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner))


@given(values)
def test_what_json_writes_is_read_back_unchanged(value: object) -> None:
    assert read_json(json.dumps(value).encode()) == value
    assert read_json(json.dumps(value, ensure_ascii=False, indent=1).encode()) == value


@given(st.binary(max_size=60))
def test_any_bytes_are_json_or_refused_as_malformed(body: bytes) -> None:
    with contextlib.suppress(MalformedBody):
        read_json(body)


@pytest.mark.parametrize(
    ("body", "story"),
    [
        (b"", "truncated"),
        (b"   ", "truncated"),
        (b'{"a": 1', "truncated"),
        (b'{"a": 1} {', "trailing characters"),
        (b"NaN", "not JSON"),
        (b"[Infinity]", "not JSON"),
        (b"[-Infinity]", "not JSON"),
        (b"[1e999, NaN]", "NaN is not JSON"),
        (b'["\xff"]', "not UTF-8"),
        (b'["\xed\xa0\x80"]', "not UTF-8"),
        (b'["\\ud800"]', "not JSON"),
        (b'["\\ud800 and more"]', "not JSON"),
        (b'{"a": 1e999, "\\ud800": 1}', "not JSON"),
        (b"[01]", "invalid number"),
        (b"[1,]", "trailing comma"),
        (b"\xef\xbb\xbf{}", "invalid character"),
        ("{}".encode("utf-16"), "invalid character"),
    ],
)
def test_a_body_that_is_not_strict_json_is_refused_with_the_reason(body: bytes, story: str) -> None:
    with pytest.raises(MalformedBody) as caught:
        read_json(body)
    assert story.lower() in str(caught.value).lower()


@pytest.mark.parametrize("depth", [20_000, 100_000, 1_000_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ("[", ""), ('[{"a":', "")])
def test_a_deep_nest_is_refused_quickly(depth: int, opening: str, closing: str) -> None:
    body = (opening * depth + "1" + closing * depth).encode()
    began = time.thread_time()
    with pytest.raises(MalformedBody, match="nested too deeply"):
        read_json(body)
    assert time.thread_time() - began < 0.1


@pytest.mark.parametrize("digits", ["1e400", "-1e400", "1" * 5_000, "-" + "1" * 5_000])
def test_a_number_beyond_a_double_is_infinite_until_its_column_refuses_it(digits: str) -> None:
    assert read_json(f"[{digits}]".encode()) == [float("-inf" if digits[0] == "-" else "inf")]


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ('{"a": 1, "a": 2}', ("a",)),
        ('{"a" : 1, "a": 2}', ("a",)),
        ('{"a": "x:y", "b": ":", "a": ":"}', ("a",)),
        ('{"a": "\\":", "a": 1, "b": 2, "b": 3}', ("a", "b")),
        ('{"\\u0061": 1, "a": 2}', ("a",)),
    ],
)
def test_a_field_named_twice_is_noticed(body: str, names: tuple[str, ...]) -> None:
    value = read_json(body.encode())
    assert isinstance(value, Repeated)
    assert value.names == names
    assert [problem.field for problem in repetitions([value])] == list(names)


@given(st.lists(st.tuples(texts, plain | texts), max_size=5))
def test_an_object_is_repeated_exactly_when_a_name_is(pairs: list[tuple[str, Any]]) -> None:
    body = "{" + ",".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in pairs) + "}"
    names = [name for name, _ in pairs]
    value = read_json(body.encode())
    assert isinstance(value, Repeated) == (len(set(names)) < len(names))
    assert value == dict(pairs)


def test_many_repeated_names_are_counted_quickly() -> None:
    body = ("{" + ",".join(f'"k{n}":1' for n in range(200_000)) + ',"k0":2}').encode()
    began = time.thread_time()
    value = read_json(body)
    assert isinstance(value, Repeated)
    assert value.names == ("k0",)
    assert time.thread_time() - began < 5
