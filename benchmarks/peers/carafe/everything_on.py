"""Whether Carafe was measured with everything on: asked of the running server, not of its settings."""

from __future__ import annotations

import re
from collections.abc import Mapping

from benchmarks.load import Call
from benchmarks.process import Server, ServerFailed

COUNTED = re.compile(r"^carafe_model_requests_total\{[^}]*\} (\S+)$", re.MULTILINE)


def everything_on(server: Server, call: Call, *, monitor: str, requests: int) -> None:
    """Check that a key is asked for, records are validated, requests have ids, and ``requests`` were counted.

    Raises:
        ServerFailed: at the first that is not so.
    """
    body = call.bodies[0]
    anonymous = {name: value for name, value in call.headers.items() if name != "Authorization"}
    _expect(server, call, body, anonymous, status=401, why="without a key")
    _expect(server, call, '{"unknown": 1}', call.headers, status=422, why="to a record of other columns")
    response, _ = server.exchange("POST", call.path, body, call.headers)
    if not response.headers["X-Request-Id"]:
        raise ServerFailed("an answer has no X-Request-Id")
    _, metrics = server.exchange("GET", "/metrics", None, {"Authorization": f"Bearer {monitor}"})
    counted = sum(float(value) for value in COUNTED.findall(metrics.decode()))
    if counted < requests:
        raise ServerFailed(f"/metrics tells of {counted:,.0f} requests, where {requests:,} were answered")


def _expect(server: Server, call: Call, body: str, headers: Mapping[str, str], *, status: int, why: str) -> None:
    response, _ = server.exchange("POST", call.path, body, headers)
    if response.status != status:
        raise ServerFailed(f"it answers {response.status} {why}, where {status} was expected")
