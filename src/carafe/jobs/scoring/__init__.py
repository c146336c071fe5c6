"""Bulk scoring: a table of any length in, the same table with the answers out, in bounded memory.

* ``run``: one job, from a source to a target, with checkpoints. ``order``: what was asked for.
* ``sources``: CSV, JSON lines, Parquet and Arrow as batches of rows. ``encode``: a batch's columns, checked.
* ``score``: the answers to one batch. ``sinks``: batches as bytes of each format.
* ``target``: the files a job writes. ``checkpoint``: how far it has come, so that it can go on.

Polars reads and writes here, so import it only where a job runs.
"""
