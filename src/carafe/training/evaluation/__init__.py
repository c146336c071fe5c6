"""How good a model is on rows that it never saw.

* ``evaluate``: all figures beside the baseline's; ``classes`` and ``numbers`` hold those of each task.
* ``doubts``: warnings where the figures show little.
* ``scores``: the one score that chooses, promotes and weighs; ``importance``: what each column adds to it.
"""
