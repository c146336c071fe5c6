"""What a migration must leave whole, which SQLite itself does not watch while tables are rebuilt."""

from sqlalchemy import Connection

from carafe.errors import DamagedHome


def check_references(connection: Connection) -> None:
    """Return if every row that refers to another finds it; raised in the migration's transaction, it undoes that.

    Raises:
        DamagedHome: when some rows refer to what is not there.
    """
    if connection.dialect.name != "sqlite":
        return  # elsewhere foreign keys were never laid aside
    broken = sorted({str(row[0]) for row in connection.exec_driver_sql("PRAGMA foreign_key_check")})
    if broken:
        raise DamagedHome(
            f"rows of {', '.join(broken)} refer to rows that are not there: the home was not upgraded; restore it from "
            "a backup"
        )
