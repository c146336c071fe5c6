"""The fast lane: prediction routes answered without Flask, from a call to a reply, with no I/O of its own."""

from __future__ import annotations

from carafe.web.call import Call, Reply
from carafe.web.dispatch import Dispatch
from carafe.web.route import Route
from carafe.web.service import Service
from carafe.web.table import Matcher


class Lane:
    """Answers the routes of the table that are marked for it; says nothing about the others."""

    def __init__(self, service: Service, routes: tuple[Route, ...]) -> None:
        self._dispatch = Dispatch(service, routes)
        self._matcher = Matcher(route for route in routes if route.lane)

    def answer(self, call: Call) -> Reply | None:
        """Return the reply, or None where the path is none of the lane's.

        The reply is the same, byte for byte, as that of the Flask view of the route, the request id aside.
        """
        found = self._matcher.match(call.path)
        return None if found is None else self._dispatch.answer(call, *found)
