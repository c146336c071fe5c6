"""``python -m carafe``: the same as the ``carafe`` command."""

from carafe.cli import main

main(prog_name="carafe")
