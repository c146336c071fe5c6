"""Tables in, a batch at a time: CSV, JSON lines, Parquet and Arrow, from files and from streams.

* ``source``: what every format's reader can do, and what it is told. ``input``: where the bytes come from.
* ``delimited``, ``json_lines``, ``parquet``, ``arrow``: one format each; ``choose`` opens the right one.
"""
