"""The sockets that a server listens on: one for each worker's place, and all of them the parent's.

The system shares out connections evenly among the sockets of one port. What waits in a socket's queue is reset when the
last process that has it closes it. As the parent keeps it open, a worker that dies or ends takes no waiting connection
with it: the one that follows in its place accepts them.
"""

from __future__ import annotations

import socket
from collections.abc import Callable

OPTIONS = (
    (socket.SOL_SOCKET, "SO_REUSEADDR", 1),
    (socket.SOL_SOCKET, "SO_REUSEPORT", 1),
    (socket.IPPROTO_TCP, "TCP_NODELAY", 1),
    (socket.SOL_SOCKET, "SO_KEEPALIVE", 1),
    (socket.IPPROTO_TCP, "TCP_KEEPIDLE", 30),
    (socket.IPPROTO_TCP, "TCP_KEEPINTVL", 10),
    (socket.IPPROTO_TCP, "TCP_KEEPCNT", 3),
)
"""Set on each socket, and taken over by the connections it accepts: a client whose machine is gone is noticed after a
minute, and keeps neither a connection nor a thread any longer."""


class Listening:
    """The listening sockets of all places, from 0."""

    def __init__(self, *, host: str, port: int, places: int, backlog: int) -> None:
        self._target = (host, port)
        self._backlog = backlog
        self._sockets: list[socket.socket | None] = [None] * places

    def at(self, place: int) -> socket.socket:
        """Return the socket of a place, listening."""
        found = self._sockets[place]
        if found is None:
            found = self._sockets[place] = self._opened()
        return found

    def open(self) -> None:
        """Listen at every place: connections that come before the workers are up wait for them."""
        for place in range(len(self._sockets)):
            self.at(place)

    def close(self, place: int) -> None:
        """Let connections go to the other places until somebody asks for this one again; those that wait are reset."""
        found = self._sockets[place]
        if found is not None:
            found.close()
            self._sockets[place] = None

    def close_all(self) -> None:
        """Listen no more."""
        for place in range(len(self._sockets)):
            self.close(place)

    def alone(self, place: int, load: Callable[[], object]) -> object:
        """Let go of the other places, which this worker has inherited and must not keep open, then ``load``."""
        for other in range(len(self._sockets)):
            if other != place:
                self.close(other)
        return load()

    def _opened(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._target[0] else socket.AF_INET
        opened = socket.socket(family, socket.SOCK_STREAM)
        try:
            for level, name, value in OPTIONS:
                if hasattr(socket, name):  # not every system has every one
                    opened.setsockopt(level, getattr(socket, name), value)
            opened.bind(self._target)
            opened.listen(self._backlog)
        except OSError:
            opened.close()
            raise
        return opened
