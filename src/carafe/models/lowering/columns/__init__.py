"""From fitted scikit-learn column steps to a plan; needs scikit-learn, so only what publishes imports it.

``lower_columns`` is all that others ask for.
"""

from carafe.models.lowering.columns.lower import lower_columns

__all__ = ["lower_columns"]
