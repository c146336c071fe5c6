"""The sockets of the workers' places."""

from __future__ import annotations

import socket

import pytest

from carafe.web.drain import Drain
from carafe.web.listening import Listening
from web.servers import free_port


def test_each_place_has_a_socket_of_its_own_on_one_port_which_lasts_until_it_is_closed() -> None:
    port = free_port()
    listening = Listening(host="127.0.0.1", port=port, places=2, backlog=16)
    listening.open()
    first, second = listening.at(0), listening.at(1)
    assert first.fileno() != second.fileno()
    assert listening.at(0) is first
    assert {one.getsockname() for one in (first, second)} == {("127.0.0.1", port)}
    listening.close(0)
    assert first.fileno() == -1
    with socket.create_connection(("127.0.0.1", port), timeout=5):  # the other place takes it
        second.accept()[0].close()
    assert listening.at(0) is not first
    listening.close_all()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_a_worker_keeps_its_own_socket_only() -> None:
    listening = Listening(host="127.0.0.1", port=free_port(), places=3, backlog=16)
    listening.open()
    each = [listening.at(place) for place in range(3)]
    assert listening.alone(1, lambda: "loaded") == "loaded"
    assert [one.fileno() == -1 for one in each] == [True, False, True]
    listening.close_all()


def test_connections_notice_that_their_client_is_gone() -> None:
    listening = Listening(host="::1", port=free_port(), places=1, backlog=16)
    assert listening.at(0).getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    listening.close_all()


def test_a_drain_begins_once_for_all_who_hold_it() -> None:
    drain = Drain()
    assert not drain.begun
    drain.begin()
    drain.begin()
    assert drain.begun
