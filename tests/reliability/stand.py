"""``carafe serve`` over made-up models, each as slow as its rule says, which leave a mark for every call.

Everything else is the real thing: processes, sockets, threads, routes. Run as a script it takes what carafe takes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from carafe.cli import main
from carafe.models import Artefact, Features
from carafe.registry import open_registry
from carafe.schema import Prediction, Rows, Signature
from carafe.settings import Settings
from carafe.web import service
from served import HOUSES, publish_rule
from web.servers import Server, running

ROW = b'{"area": 50, "bedrooms": 3}'
MARKS = "MARKS"
"""The variable that names the folder of marks."""


def _spin(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


RULES: dict[str, Callable[[int], None]] = {
    "quick": lambda _: None,
    "alone": lambda rows: _spin(0.02 * rows),  # 50 rows a second, and nobody else runs meanwhile
    "together": lambda _: _spin(0.02),  # the same for a whole batch
    "gathered": lambda _: _spin(0.5),
    "sleeping": lambda rows: time.sleep(0.02 * rows),  # others run meanwhile
}


@dataclass
class Paced:
    """A model that takes the time of its rule and answers 1 for every row."""

    rule: str
    signature: Signature = HOUSES

    def predict(self, rows: Rows, *, probabilities: bool = False) -> Prediction:
        """Answer, and leave a mark."""
        assert not probabilities
        with (Path(os.environ[MARKS]) / self.rule).open("ab") as file:
            file.write(b"x")
        RULES[self.rule](rows.count)
        return Prediction.of_lists([1.0] * rows.count)

    def transform(self, rows: Rows) -> Features:
        """Return the area."""
        return Features(names=("area",), matrix=rows.columns[0].reshape(-1, 1))


def _load(artefact: Artefact) -> Paced:
    return Paced(artefact.files["model.skops"].decode())


@dataclass
class Stand:
    """A running server of made-up models that asks for no key."""

    server: Server
    marks: Path

    def calls(self, rule: str) -> int:
        """Return how often a model was called so far, the measurement at loading included."""
        file = self.marks / rule
        return file.stat().st_size if file.exists() else 0


@contextmanager
def standing(folder: Path, *rules: str, extra: tuple[str, ...] = (), **environ: str) -> Iterator[Stand]:
    """Start a server with a model for each rule, named after it."""
    home, marks = folder / "home", folder / "marks"
    marks.mkdir(parents=True)
    registry = open_registry(Settings(home=home))
    for rule in rules:
        publish_rule(registry, rule, rule)
    registry.close()
    environ = {MARKS: str(marks), "PYTHONPATH": str(Path(__file__).parents[1])} | environ
    with running(
        "script", folder, home=home, extra=("--open", *extra), environ=environ, application=__file__
    ) as server:
        yield Stand(server, marks)


if __name__ == "__main__":
    service.load_model = _load  # type: ignore[attr-defined]
    main()
