"""Recipe: every decision of a training run, as data.

* ``recipe``: Recipe itself; ``sections`` and ``columns`` are its parts, ``rules`` what they must not contradict.
* ``reading`` and ``toml``: from TOML and back, with a comment beside each column.
* ``default``: the recipe that a table's profile suggests; ``changes``: what options change in one.
"""

from carafe.tables import ReadOptions
from carafe.training.recipe.columns import Bins, ColumnRecipe, Encode, Missing, Outliers, Scale, Text
from carafe.training.recipe.recipe import Recipe
from carafe.training.recipe.sections import (
    Clean,
    Data,
    Duplicates,
    Elapsed,
    Features,
    ModelChoice,
    Parameter,
    Product,
    Ratio,
    Split,
    SplitMethod,
    Sum,
)

__all__ = [
    "Bins",
    "Clean",
    "ColumnRecipe",
    "Data",
    "Duplicates",
    "Elapsed",
    "Encode",
    "Features",
    "Missing",
    "ModelChoice",
    "Outliers",
    "Parameter",
    "Product",
    "Ratio",
    "ReadOptions",
    "Recipe",
    "Scale",
    "Split",
    "SplitMethod",
    "Sum",
    "Text",
]
