"""Lowering: from a fitted pipeline to a plan, which is data, and a function that runs it without scikit-learn.

* ``refusal``: why something is not lowered. ``columns``: from fitted column steps to a plan. ``estimators``: from
  fitted estimators to kernels. ``lower``: both. ``tail``: what is left over, by converter; ``whole``: the same
  in single precision.
* ``plan``: the column plan. ``matrix`` runs it over many rows, with ``arrays`` and ``moments`` for its operations.
* ``rowwise`` runs it over one row as a generated function: ``row``, ``source``, ``expressions``, ``dates``.
* ``tables`` and ``lookup``: how both find categories. ``words``, ``analysis`` and ``vocabulary``: how both weigh texts.
* ``kernel``, ``scorers``, ``session``, ``heads``: from numbers to answers.
* ``lowered``: all of it as one file and one model. ``loading``: checked, from the files of a version. ``graphs``:
  looked through, before ONNX Runtime sees them.
* ``ladder``: which way to run a model is the fastest that was proved. ``proof``: the comparison with the native model
  (``answers``, ``comparison``), on the given rows and on edges (``edges``, ``thresholds``).

What serves imports neither scikit-learn, scipy, polars nor pandas from here; what lowers does: ``columns``,
``estimators``, ``lower``, ``tail``, ``whole``, ``thresholds`` and ``ladder``.
"""
