"""Lowering: from a fitted pipeline to a plan, which is data, and a function that runs it without scikit-learn.

* ``refusal``: why something is not lowered. ``columns``: from fitted column steps to a plan.
* ``plan``: the column plan. ``matrix`` runs it over many rows, ``rowwise`` over one.

What serves imports neither scikit-learn, scipy, polars nor pandas from here; what lowers does, in ``columns``.
"""
