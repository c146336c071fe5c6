"""Tables: read them, decide what each column is, and turn them into the rows of a signature.

* ``read``: one door for every format; ``delimited`` (with ``sniff``), ``spreadsheet`` and ``query_sql`` behind it.
* ``profile``: what each column is and why, by the rules of ``roles``; ``numbers`` and ``dates`` read text.
* ``cast``: the table typed as its profile says; ``frames``: any frame as a polars table.
* ``signature``: the profile as the signature of a model; ``encode``: a frame as its rows, checked.
* ``leakage`` and ``duplicates``: what would make an evaluation look better than the truth.
* ``write`` and ``examples``: tables out, and small generated ones.

Polars holds every table here; serving a version needs none of this.
"""

from carafe.tables.cast import cast_frame, cast_to_signature
from carafe.tables.duplicates import count_duplicates, count_shared_rows
from carafe.tables.encode import rows_from_frame
from carafe.tables.frames import Table, polars_table
from carafe.tables.leakage import Leak, find_leaks
from carafe.tables.profile import ColumnProfile, Profile, profile_table
from carafe.tables.read import ReadOptions, read_table
from carafe.tables.roles import Role, kind_of
from carafe.tables.signature import infer_task, signature_of
from carafe.tables.write import write_table

__all__ = [
    "ColumnProfile",
    "Leak",
    "Profile",
    "ReadOptions",
    "Role",
    "Table",
    "cast_frame",
    "cast_to_signature",
    "count_duplicates",
    "count_shared_rows",
    "find_leaks",
    "infer_task",
    "kind_of",
    "polars_table",
    "profile_table",
    "read_table",
    "rows_from_frame",
    "signature_of",
    "write_table",
]
