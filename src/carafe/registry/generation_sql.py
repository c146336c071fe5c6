"""How many changes a home's registry has seen: the number that watchers compare, in the row on which writers queue."""

from __future__ import annotations

from sqlalchemy import Connection, update

from carafe.database.tables_sql import home


def count_change(connection: Connection) -> None:
    """Take the home's row until the transaction ends, as every change does; undone with it when the change fails."""
    connection.execute(update(home).values(generation=home.c.generation + 1))
