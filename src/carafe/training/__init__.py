"""From a table and a recipe to an evaluated model.

* ``run``: the whole run, to be read from top to bottom; ``result`` is what it gives back, ``report`` the same as data.
* ``recipe/``: every decision as data.
* ``study``, ``decisions``, ``split``, ``clean``: what the table is, which columns and rows are learnt from.
* ``features/``: the preparer, from columns to a matrix.
* ``algorithms/``: algorithms by name; ``fit`` puts one behind its preparer.
* ``auto/``: a few candidates compared within a time budget.
* ``evaluation/``: how good the model is on rows that it never saw.
* ``publication``: a result as a version in a registry.
"""
