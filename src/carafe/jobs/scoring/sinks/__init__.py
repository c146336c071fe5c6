"""Scored batches as bytes: CSV, JSON lines, Parquet and Arrow.

* ``sink``: what every format's writer can do. ``typed``: text columns in the types that the model saw.
* ``delimited``, ``json_lines``, ``arrow``: one format each; Parquet is made of a finished Arrow stream.
"""
