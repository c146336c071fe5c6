"""Lowering: from a fitted pipeline to a plan, which is data, and a function that runs it without scikit-learn.

* ``refusal``: why something is not lowered. ``columns``: from fitted column steps to a plan.
* ``plan``: the column plan. ``matrix`` runs it over many rows (``arrays``, ``moments``: its operations with numpy), ``rowwise``
  over one (``expressions``, ``dates``: the same as Python's source). ``tables`` and ``lookup`` find categories for both.

What serves imports neither scikit-learn, scipy, polars nor pandas from here; what lowers does, in ``columns``.
"""
