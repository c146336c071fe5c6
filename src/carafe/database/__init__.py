"""The metadata database of a home, SQLite or PostgreSQL: safe for any number of processes, up to date when opened.

* ``connection``: Database and ``open_database(home)``: what every ``*_sql.py`` file reads and writes through.
* ``engine``: how SQLite is spoken to. ``engine_psycopg``: how PostgreSQL is. ``manner``: what differs between them.
* ``presence``: whether the file is still there, and as it was. A database that has vanished is not begun anew.
* ``tables_sql``: the tables. ``migrations``: how an older database becomes today's.
* ``upgrade``: the one moment when a migration runs, under the home's lock.
* ``lock``: a lock between processes that a crash releases.
"""

from carafe.database.connection import Database, open_database
from carafe.database.lock import exclusively, flush_file, flush_folder, make_folder, prepare_home, refuse_file

__all__ = [
    "Database",
    "exclusively",
    "flush_file",
    "flush_folder",
    "make_folder",
    "open_database",
    "prepare_home",
    "refuse_file",
]
