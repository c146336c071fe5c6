"""The ``carafe`` command: one file a command, each a thin call. A command's module is imported only when it runs."""

from carafe.cli.main import main

__all__ = ["main"]
