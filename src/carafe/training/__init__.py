"""From a table and a recipe to an evaluated model.

* ``run``: the whole run, to be read from top to bottom; ``result`` is what it gives back, ``report`` the same as data.
* ``recipe`` (with ``recipe_*``): every decision as data; ``recipe_default`` is what a table's profile decides.
* ``study``, ``decisions``, ``split``, ``clean``: what the table is, which columns and rows are learnt from.
* ``features`` (with ``feature_*``): the preparer, from columns to a matrix.
* ``algorithms`` (with ``algorithms_*``): algorithms by name; ``fit`` puts one behind its preparer.
* ``auto``: a ``portfolio`` of candidates, each tried by ``compare`` within a ``budget``.
* ``scores``, ``evaluate`` (with ``evaluate_*``), ``importance``: how good the model is on rows that it never saw.
* ``publication``: a result as a version in a registry.
"""
