"""The digest by which a home recognises its own secret."""

from __future__ import annotations

from sqlalchemy import select, update

from carafe.database import Database
from carafe.database.tables_sql import home


def known_check(database: Database) -> str | None:
    """Return the digest that the home remembers; None in a new one, which was never opened with a secret."""
    with database.reading() as connection:
        known: str | None = connection.execute(select(home.c.secret_check)).scalar_one()
        return known


def remember_check(database: Database, digest: str) -> str:
    """Return the digest that the home remembers; the first one that is told is remembered for good."""
    with database.writing() as connection:
        connection.execute(update(home).where(home.c.secret_check.is_(None)).values(secret_check=digest))
        remembered: str = connection.execute(select(home.c.secret_check)).scalar_one()
        return remembered
