"""Everything that changes a home, or writes a file from one, as the command line or the Python API does it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click
import numpy as np
from sklearn.linear_model import LinearRegression

import carafe
from carafe.cli.main import Failure, main
from carafe.errors import CarafeError, OutputUnavailable
from reliability.prepared import BACKUP, BUNDLE, KEY, WRITTEN

Act = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Operation:
    """One change: what it is done to, and the words of its command; a call where it is the Python API's."""

    prepared: str
    words: tuple[str, ...] = ()
    """In them ``{folder}`` stands for the folder of all files, and ``{key}`` for the name of the home's key."""
    call: Callable[[Path], None] | None = None
    writes: str = ""
    """The file that it writes anew into the folder ``WRITTEN``."""

    def on(self, home: Path, folder: Path) -> Act:
        """Return the change of one home, for a child to do; ``folder`` holds what ``make_inputs`` made."""
        command = main if self.call is None else click.Command("publish", callback=partial(self.call, home))
        words = [word.format(folder=folder, key=(folder / KEY).read_text()) for word in self.words]

        def act() -> None:
            os.environ["CARAFE_HOME"] = str(home)
            os.chdir(folder)
            command(args=words, prog_name="carafe")

        return act


def _publish(home: Path) -> None:
    x = np.linspace(0, 1, 20)[:, None]
    try:
        version = carafe.publish(LinearRegression().fit(x, x[:, 0]), "houses", sample=x, promote="always", home=home)
    except CarafeError as error:
        raise Failure(error) from error  # told as the command line tells it
    try:
        click.echo(version)
    except OSError as error:
        raise Failure(OutputUnavailable(f"standard output can't be written ({error.strerror})")) from error


TRAIN = ("train", "tiny.csv", "--target", "y", "--name", "tiny", "--algorithm", "linear")

OPERATIONS = {
    "create": Operation("nothing", ("keys", "create", "--role", "reader", "--name", "ann")),
    "migrate": Operation("older", ("models",)),
    "import": Operation("usual", ("import", BUNDLE)),
    "publish": Operation("usual", call=_publish),
    "train": Operation("usual", TRAIN),
    "promote": Operation("usual", ("promote", "houses@2")),
    "rollback": Operation("usual", ("rollback", "houses")),
    "traffic": Operation("usual", ("traffic", "houses", "1=90", "2=10")),
    "gates": Operation("usual", ("gates", "houses", "--signature")),
    "rollout": Operation("usual", ("rollout", "houses@2", "--detach")),
    "drop": Operation("usual", ("delete", "houses@staging", "--yes")),
    "delete": Operation("usual", ("delete", "houses@2", "--yes")),
    "restore": Operation("nothing", ("restore", BACKUP)),
    "backup": Operation("usual", ("backup", f"{{folder}}/{WRITTEN}/{BACKUP}"), writes=BACKUP),
    "export": Operation("usual", ("export", "houses@2", "-o", f"{{folder}}/{WRITTEN}/{BUNDLE}"), writes=BUNDLE),
    "keys create": Operation("usual", ("keys", "create", "--role", "reader", "--name", "ann")),
    "keys revoke": Operation("usual", ("keys", "revoke", "{key}")),
}
"""Each change by its name."""
