"""Algorithms by name.

* ``catalogue``: all of them, and the check that one suits the task; ``algorithm`` says what an algorithm is.
* ``linear``, ``trees``, ``other``: how each is built, with its defaults.
"""
