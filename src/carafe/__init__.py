"""Carafe: from a table of data, or a model already trained, to a production prediction service on Flask."""

from carafe._version import __version__

__all__ = ["__version__"]
