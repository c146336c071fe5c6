"""The answer of a SQL query as a table: read-only, one statement, with a cap on its rows."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from urllib.parse import quote, quote_plus

import polars as pl
import sqlalchemy as sa

from carafe.errors import UnreadableTable
from carafe.tables.columns import check_names
from carafe.tables.frames import polars_table

MAX_ROWS = 10_000_000
"""The most rows of an answer."""

_READ_ONLY = {
    "sqlite": "PRAGMA query_only = ON",
    "postgresql": "SET TRANSACTION READ ONLY",
    "mysql": "SET TRANSACTION READ ONLY",
    "mariadb": "SET TRANSACTION READ ONLY",
}


def read_query(query: str, *, database: str, max_rows: int = MAX_ROWS) -> pl.DataFrame:
    """Run a query and return its answer. Nothing it changes is kept: the transaction is rolled back.

    Messages never hold the URL's password.

    Raises:
        UnreadableTable: when the URL, its driver, the connection or the query fails, or the answer has too many rows.
    """
    url = _url(database)
    try:
        engine = sa.create_engine(url, poolclass=sa.NullPool)
        with engine.connect() as connection:
            _make_read_only(connection)
            result = connection.execution_options(stream_results=True, no_parameters=True).exec_driver_sql(query)
            return _frame(result, max_rows)
    except ModuleNotFoundError as error:
        raise UnreadableTable(f"{_shown(url)}: the driver {error.name} is not installed") from None
    except sa.exc.SQLAlchemyError as error:
        raise UnreadableTable(f"{_shown(url)}: {_without_password(_reason(error), url)}") from None


def _url(database: str) -> sa.URL:
    try:
        url = sa.make_url(database)
        url.get_dialect()
    except (sa.exc.SQLAlchemyError, ValueError):
        # The text may hold a password, so that it is not repeated.
        raise UnreadableTable(
            "the database URL can't be used, expected dialect://user:password@host/name, such as sqlite:///shop.db, "
            "with a dialect that is installed"
        ) from None
    except ModuleNotFoundError as error:
        raise UnreadableTable(f"the driver {error.name} for this database is not installed") from None
    if url.get_backend_name() == "sqlite" and url.database not in {None, "", ":memory:"}:
        file = Path(str(url.database))
        if not str(url.database).startswith("file:") and not file.exists():
            raise UnreadableTable(f"there is no database {file}")
    return url


def _make_read_only(connection: sa.Connection) -> None:
    driver = connection.connection.driver_connection
    if isinstance(driver, sqlite3.Connection):
        driver.set_authorizer(_without_other_files)  # ATTACH makes the file it names, query_only or not
    statement = _READ_ONLY.get(connection.dialect.name)
    if statement is not None:
        connection.exec_driver_sql(statement)


def _without_other_files(action: int, *_details: str | None) -> int:
    return sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_ATTACH else sqlite3.SQLITE_OK


def _frame(result: sa.CursorResult[tuple[object, ...]], max_rows: int) -> pl.DataFrame:
    if not result.returns_rows:
        raise UnreadableTable("the query answers with no table: write a SELECT")
    names = list(result.keys())
    rows = result.fetchmany(max_rows + 1)
    if len(rows) > max_rows:
        raise UnreadableTable(f"the query answers with more than {max_rows:,} rows: add a LIMIT, or aggregate")
    check_names(names)
    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    return polars_table(dict(zip(names, columns, strict=True)))


def _shown(url: sa.URL) -> str:
    return url.set(query={}).render_as_string(hide_password=True)


def _reason(error: sa.exc.SQLAlchemyError) -> str:
    cause = getattr(error, "orig", None) or error
    return str(cause).strip().partition("\n")[0][:300]


def _without_password(text: str, url: sa.URL) -> str:
    secrets = [str(url.password or ""), *(str(value) for value in url.query.values())]
    for secret in filter(None, secrets):
        for written in {secret, quote(secret), quote_plus(secret)}:
            text = text.replace(written, "***")
    return text
