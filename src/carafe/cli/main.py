"""The command group, and the one place where an error becomes a line on the terminal."""

from __future__ import annotations

import errno
import sys
from importlib import import_module
from typing import Any

import click

from carafe._version import __version__
from carafe.cli.escapes import printable
from carafe.errors import CarafeError, InvalidInput, MissingExtra, OutputUnavailable

COMMANDS: dict[str, str] = {
    "example": "carafe.cli.example",
    "inspect": "carafe.cli.inspect",
    "init": "carafe.cli.init",
    "train": "carafe.cli.train",
    "predict": "carafe.cli.predict",
    "models": "carafe.cli.models",
    "promote": "carafe.cli.promote",
    "rollback": "carafe.cli.rollback",
    "traffic": "carafe.cli.traffic",
    "gates": "carafe.cli.gates",
    "history": "carafe.cli.history",
    "rollout": "carafe.cli.rollout",
    "delete": "carafe.cli.delete",
    "export": "carafe.cli.export",
    "import": "carafe.cli.import_",
    "keys": "carafe.cli.keys",
    "doctor": "carafe.cli.doctor",
    "backup": "carafe.cli.backup",
    "restore": "carafe.cli.restore",
    "serve": "carafe.cli.serve",
}
"""Each command and the module in this package that holds it, under the command's own name."""


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is asked for, so that ``carafe serve`` starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands' names, in the order of the table above."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the command, or None where there is none of that name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name]).command
        return command

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - as click declares it
        """Run the command; say a Carafe error in plain words and exit 1 (2 is a wrong command line)."""
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            raise Failure(_missing_extra(error)) from error
        except CarafeError as error:
            raise Failure(error) from error
        except OSError as error:
            if error.errno == errno.EPIPE or error.filename is not None:  # click's own business, or a fault of ours
                raise
            raise Failure(_unprinted(error)) from error


class Failure(click.ClickException):
    """A Carafe error on its way to the terminal."""

    def __init__(self, error: CarafeError) -> None:
        super().__init__(str(error))
        self.error = error

    def show(self, file: Any = None) -> None:  # noqa: ANN401 - as click declares it
        """Print the error's slug and story on standard error."""
        file = file or sys.stderr
        click.echo(f"carafe: {self.error.title} [{self.error.slug}]", file=file)
        story = self.error.problems if isinstance(self.error, InvalidInput) else (self.error,)
        for line in (line for part in story for line in str(part).splitlines()):
            click.echo(f"  {printable(line)}", file=file)


def _unprinted(error: OSError) -> OutputUnavailable:
    return OutputUnavailable(
        f"standard output can't be written ({error.strerror}): what the command did before it printed stays done"
    )


def _missing_extra(error: ModuleNotFoundError) -> MissingExtra:
    package = (error.name or "").partition(".")[0]
    if package not in MissingExtra.EXTRAS:
        raise error
    return MissingExtra.of("this", error)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="carafe")
def main() -> None:
    """Take a table of data, or a model you trained, to a production prediction service."""
