"""What the suite must know about a server to measure it."""

from __future__ import annotations

import inspect
import json
import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar

from benchmarks.environments import python_of
from benchmarks.load import Call
from benchmarks.options import HERE
from benchmarks.peers.stored import FOLDER
from benchmarks.process import Server
from benchmarks.workloads import Trained

JSON = {"Content-Type": "application/json"}


class Kind(StrEnum):
    """What a server stands for in the comparison."""

    CARAFE = "Carafe"
    PACKAGED = "packaged"
    BY_HAND = "by hand"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where one peer serves one trained model."""

    trained: Trained
    folder: Path
    """The peer's own, for this model; the server runs in it."""
    python: Path
    """Of the peer's environment."""
    port: int


class Peer(ABC):
    """A server to measure. A subclass says how it is started and asked."""

    name: ClassVar[str]
    title: ClassVar[str]
    kind: ClassVar[Kind]
    here: ClassVar[bool] = False
    """Whether the environment at hand holds all it needs."""

    def python(self, *, here: bool) -> Path:
        """Return the Python that runs it, its environment made if need be.

        Raises:
            NotInstalled: when the environment can't be made.
        """
        return Path(sys.executable) if here else python_of(self.name, self.requirements)

    @property
    def requirements(self) -> Path:
        """What is installed into its environment."""
        return Path(inspect.getfile(type(self))).with_name("requirements.txt")

    def prepare(self, site: Site) -> None:  # noqa: B027 - most have nothing to prepare
        """Make ready in ``site.folder``, once a run, what the server loads."""

    @abstractmethod
    def command(self, site: Site) -> list[str]:
        """Return the command line that starts it, with its own best settings for one core."""

    def environ(self, site: Site) -> dict[str, str]:
        """Return what it needs in the environment."""
        return {"PYTHONPATH": str(HERE.parent), FOLDER: str(site.trained.folder)}

    def verify(self, site: Site, server: Server, *, requests: int) -> None:  # noqa: B027 - most claim nothing
        """Check after ``requests`` that the server did what the comparison says it does; raise ServerFailed."""

    def call(self, site: Site) -> Call:
        """Return how its clients ask for a prediction; by default they post the record to /predict."""
        return Call(path="/predict", bodies=[json.dumps(record) for record in site.trained.records], headers=JSON)

    def read(self, answer: Any) -> object:  # noqa: ANN401 - JSON holds anything
        """Return the prediction that stands in an answer."""
        return answer["prediction"]
