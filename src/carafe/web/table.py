"""The route table, arranged for looking up: the methods of each path, and the path that a request means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from carafe.web.route import Route

Methods = Mapping[str, Route]


def by_path(routes: Iterable[Route]) -> dict[str, dict[str, Route]]:
    """Return for each path its routes by method, in the table's order."""
    paths: dict[str, dict[str, Route]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method] = route
    return paths


REMEMBERED = 4096
"""How many paths a matcher remembers; a service with more models looks some of them up again."""

MEMORABLE = 256
"""How long a path is at most that is remembered: names are short, and whoever asks without a key chooses the path."""


class Matcher:
    """Finds the path of the table that a request's path means. A fixed segment goes before a variable one."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._patterns: dict[int, list[tuple[tuple[str, ...], Methods]]] = {}
        for path, methods in by_path(routes).items():
            segments = tuple(path.split("/"))
            self._patterns.setdefault(len(segments), []).append((segments, methods))
        for patterns in self._patterns.values():
            patterns.sort(key=lambda pattern: [segment.startswith("<") for segment in pattern[0]])
        self._remembered: dict[str, tuple[Methods, Mapping[str, str]]] = {}

    def match(self, path: str) -> tuple[Methods, Mapping[str, str]] | None:
        """Return the routes of the path and its variable segments, or None where the table has no such path."""
        found = self._remembered.get(path)
        if found is None:
            found = self._look_up(path)
            if found is not None and len(path) <= MEMORABLE:
                if len(self._remembered) >= REMEMBERED:
                    self._remembered = {}
                self._remembered[path] = found
        return found

    def _look_up(self, path: str) -> tuple[Methods, Mapping[str, str]] | None:
        segments = path.split("/")
        for pattern, methods in self._patterns.get(len(segments), ()):
            parameters = _parameters(pattern, segments)
            if parameters is not None:
                return methods, parameters
        return None


def _parameters(pattern: tuple[str, ...], segments: list[str]) -> dict[str, str] | None:
    parameters: dict[str, str] = {}
    for expected, segment in zip(pattern, segments, strict=True):
        if expected.startswith("<") and segment:
            parameters[expected[1:-1]] = segment
        elif expected != segment:
            return None
    return parameters
