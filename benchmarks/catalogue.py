"""All peers and all parts, in the order of the tables."""

from __future__ import annotations

from typing import Any

from benchmarks.parts.part import Part
from benchmarks.parts.serving import ServingPart
from benchmarks.peers.carafe.peer import Carafe
from benchmarks.peers.echo.peer import Echo
from benchmarks.peers.flask_by_hand.peer import FlaskByHand
from benchmarks.peers.peer import Peer

PEERS: tuple[Peer, ...] = (Carafe(), Echo(), FlaskByHand())
PARTS: tuple[Part[Any], ...] = (ServingPart(),)
