"""The README and the tutorial are followed to the letter, in an empty folder, with a home and a port of their own."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from walkthrough import assert_alike, blocks, follow

ROOT = Path(__file__).resolve().parent.parent
PAGES = ["README.md", "docs/tutorial.md"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.needs("curl", "libgomp1")
@pytest.mark.parametrize("page", PAGES)
def test_every_marked_command_works_and_prints_what_the_page_says(page: str, tmp_path: Path) -> None:
    printed = list(follow(ROOT / page, folder=tmp_path, port=free_port()))
    assert len(printed) == len(blocks(ROOT / page)) > 3


@pytest.mark.parametrize("page", PAGES)
def test_every_shell_block_that_calls_carafe_or_curl_is_marked(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    marked = [block.text for block in blocks(ROOT / page)]
    shells = [part.partition("```")[0] for part in text.split("```sh\n")[1:]]
    assert not [shell for shell in shells if shell.startswith(("carafe", "curl")) and shell not in marked]


@pytest.mark.parametrize(
    ("got", "expected"),
    [({"a": 1.0}, {"b": 1.0}), ([1.0], [1.0, 2.0]), (1.1, 1.0), ("a", "b"), (1, "..."), (True, 1), ([], {}), ({}, [])],
)
def test_answers_that_differ_are_noticed(got: object, expected: object) -> None:
    with pytest.raises(AssertionError):
        assert_alike(got, expected)


def test_numbers_may_differ_in_the_last_percent_and_some_texts_in_all() -> None:
    assert_alike({"a": [1.005, "x", 0], "b": True}, {"a": [1.0, "...", 0], "b": True})
