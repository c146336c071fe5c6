from __future__ import annotations

import hashlib
import re
from importlib.resources import files

import pytest

from carafe.web.assets import ASSETS, PAGE, read_asset
from web.conftest import House

STATIC = files("carafe.web") / "static"
VENDOR = STATIC / "vendor"
NOBODY = {"X-API-Key": ""}


def test_the_page_asks_for_nothing_but_its_own_files(empty_house: House) -> None:
    page = empty_house.ask("GET", "/docs", b"", NOBODY)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    text = page.body.decode()
    named = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert set(named) == {"data:,", "openapi.json", *(f"docs/{name}" for name in ASSETS)}
    assert "<style" not in text
    assert not re.search(r"<script(?! src=)", text)


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere(empty_house: House) -> None:
    policy = empty_house.ask("GET", "/docs", b"", NOBODY).headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.mark.parametrize("name", ASSETS)
def test_each_file_of_the_page_is_served_with_its_type(empty_house: House, name: str) -> None:
    answer = empty_house.ask("GET", f"/docs/{name}", b"", NOBODY)
    assert answer.status == 200
    assert answer.headers["content-type"] == ASSETS[name][1]
    assert answer.body == read_asset(ASSETS[name][0])


@pytest.mark.parametrize("name", ["docs.html", "..%2fapp.py", "vendor%2fLICENSE", "SHA256SUMS", ".", "%00", "x" * 300])
def test_no_other_file_is_served(empty_house: House, name: str) -> None:
    answer = empty_house.ask("GET", f"/docs/{name}", b"", NOBODY)
    assert (answer.status, answer.json["type"]) == (404, "urn:carafe:problem:not-found")


def test_the_vendored_files_are_those_of_the_manifest() -> None:
    listed = dict(line.split("  ")[::-1] for line in (VENDOR / "SHA256SUMS").read_text().splitlines())
    found = {file.name for file in VENDOR.iterdir()} - {"SHA256SUMS"}
    assert found == set(listed)
    for name, digest in listed.items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest


def test_the_vendored_files_keep_their_licences_and_point_at_no_source_maps() -> None:
    assert "Apache License" in (VENDOR / "LICENSE").read_text()
    assert "SmartBear" in (VENDOR / "NOTICE").read_text()
    for name in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert "sourceMappingURL" not in (VENDOR / name).read_text()
    assert read_asset(PAGE).startswith(b"<!doctype html>")
