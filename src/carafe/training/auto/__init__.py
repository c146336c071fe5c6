"""``auto``: a few candidates compared by cross-validation within a time budget.

* ``choose``: the comparison, and why the winner won.
* ``portfolio``: which candidates; ``compare``: one candidate scored; ``budget``: how much time is left.
"""
