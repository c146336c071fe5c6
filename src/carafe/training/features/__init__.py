"""Features: the preparer, from a table's columns to the matrix that an algorithm takes.

* ``preparer``: puts it together; ``parts`` says what a part is, and what each family of algorithms wants.
* ``numbers``, ``categories``, ``dates``, ``texts``, ``derived``: the parts for each kind of column.
"""

from carafe.training.features.preparer import Family, build_preparer

__all__ = ["Family", "build_preparer"]
