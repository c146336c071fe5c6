"""Lowering: from a fitted pipeline to a plan, which is data, and a function that runs it without scikit-learn.

* ``refusal``: why something is not lowered. ``columns``: from fitted column steps to a plan.
* ``plan``: the column plan. ``matrix`` runs it over many rows, with ``arrays`` and ``moments`` for its operations.
* ``rowwise`` runs it over one row as a generated function: ``row``, ``source``, ``expressions``, ``dates``.
* ``tables`` and ``lookup``: how both find categories.

What serves imports neither scikit-learn, scipy, polars nor pandas from here; what lowers does, in ``columns``.
"""
