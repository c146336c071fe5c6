"""Background work: what takes longer than a request, and can be broken off and taken up again.

* ``scoring``: a file, or a stream, of any length answered by one version.
"""
