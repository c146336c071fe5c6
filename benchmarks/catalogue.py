"""All peers and all parts, in the order of the tables."""

from __future__ import annotations

from benchmarks.parts.bulk import BulkPart
from benchmarks.parts.cores import CoresPart
from benchmarks.parts.footprint import FootprintPart
from benchmarks.parts.part import AnyPart
from benchmarks.parts.registry import RegistryPart
from benchmarks.parts.serving import ServingPart
from benchmarks.parts.steady import SteadyPart
from benchmarks.parts.swap import SwapPart
from benchmarks.parts.threads import ThreadsPart
from benchmarks.parts.training import TrainingPart
from benchmarks.parts.wide import WidePart
from benchmarks.peers.bentoml.peer import BentoMl
from benchmarks.peers.carafe.peer import Carafe
from benchmarks.peers.echo.peer import Echo
from benchmarks.peers.fastapi_by_hand.peer import FastApiByHand
from benchmarks.peers.flask_by_hand.peer import FlaskByHand
from benchmarks.peers.litserve.peer import LitServe
from benchmarks.peers.mlflow.peer import MlFlow
from benchmarks.peers.mlserver.peer import MlServer
from benchmarks.peers.peer import Peer
from benchmarks.peers.vetiver.peer import Vetiver

PEERS: tuple[Peer, ...] = (
    *(Carafe(), Echo()),
    *(MlServer(), LitServe(), BentoMl(), Vetiver(), MlFlow()),
    *(FastApiByHand(), FlaskByHand()),
)
PARTS: tuple[AnyPart, ...] = (
    *(ServingPart(), SteadyPart(), WidePart(), SwapPart()),
    *(BulkPart(), FootprintPart(), RegistryPart(), ThreadsPart(), CoresPart(), TrainingPart()),
)
