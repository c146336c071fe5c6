"""The files of the docs page, by the names under which they may be asked for; no other file can be."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

FOLDER = "static"

ASSETS: dict[str, tuple[str, str]] = {
    "docs.js": ("docs.js", "text/javascript; charset=utf-8"),
    "docs.css": ("docs.css", "text/css; charset=utf-8"),
    "swagger-ui-bundle.js": ("vendor/swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
    "swagger-ui.css": ("vendor/swagger-ui.css", "text/css; charset=utf-8"),
}
"""Name -> (file below the folder, content type)."""

PAGE = "docs.html"


@cache
def read_asset(path: str) -> bytes:
    """Return the content of a file below the folder."""
    return (files("carafe.web") / FOLDER / path).read_bytes()
