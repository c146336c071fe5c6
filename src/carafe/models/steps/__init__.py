"""Carafe's own scikit-learn transformers: what scikit-learn itself does not have.

Each is a plain estimator (clone, get_params, get_feature_names_out) whose parameters and learnt state are numbers,
strings, lists and arrays, so that it can be stored safely and lowered to a plan.
"""

from carafe.models.steps.arithmetic import Product, Ratio, Sum
from carafe.models.steps.bin import Bin
from carafe.models.steps.bounds import OutlierMethod
from carafe.models.steps.clip import Clip
from carafe.models.steps.date_parts import DatePart, DateParts
from carafe.models.steps.elapsed import Elapsed, ElapsedUnit
from carafe.models.steps.missing_values import MissingValues
from carafe.models.steps.outlier_flag import OutlierFlag
from carafe.models.steps.replace_outliers import ReplaceOutliers
from carafe.models.steps.short_names import ShortNames
from carafe.models.steps.words import Words

__all__ = [
    "Bin",
    "Clip",
    "DatePart",
    "DateParts",
    "Elapsed",
    "ElapsedUnit",
    "MissingValues",
    "OutlierFlag",
    "OutlierMethod",
    "Product",
    "Ratio",
    "ReplaceOutliers",
    "ShortNames",
    "Sum",
    "Words",
]
