"""The libraries whose frames scikit-learn looks for, imported fully before a native model answers.

scikit-learn tells frames apart by what it finds in ``sys.modules``, where a module stands from the beginning of its
import on. A first import of polars or pandas on one thread thereby fails the predictions of another: "partially
initialized module 'polars' has no attribute 'DataFrame'".
"""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module

LIBRARIES = ("pyarrow", "pandas", "polars", "narwhals")
"""What is imported where it is installed; pyarrow before pandas, which imports it."""


def import_frame_libraries() -> None:
    """Import each of ``LIBRARIES`` that is installed; wait for another thread that is at it."""
    for name in LIBRARIES:
        with suppress(ImportError):
            import_module(name)
