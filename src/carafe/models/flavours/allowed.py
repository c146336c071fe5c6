"""The fixed list of types that a stored scikit-learn model may be made of, beside what skops trusts by itself.

skops trusts scikit-learn's public estimators, numpy's arrays, types and functions, and plain Python values. Nothing
here is ever computed from a file: a type that is missing is refused, whoever sealed the artefact.
"""

from __future__ import annotations

_SKLEARN = (
    "functools.partial",
    "numpy.dtype",
    "scipy.interpolate._bsplines.BSpline",
    "scipy.sparse._csc.csc_array",
    "scipy.sparse._csc.csc_matrix",
    "scipy.sparse._csr.csr_array",
    "scipy.sparse._csr.csr_matrix",
    "sklearn._loss.loss.HalfTweedieLoss",
    "sklearn._loss.loss.HalfTweedieLossIdentity",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.calibration._TemperatureScaling",
    "sklearn.compose._column_transformer.make_column_selector",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.feature_selection._mutual_info.mutual_info_classif",
    "sklearn.feature_selection._mutual_info.mutual_info_regression",
    "sklearn.feature_selection._univariate_selection.chi2",
    "sklearn.feature_selection._univariate_selection.f_classif",
    "sklearn.feature_selection._univariate_selection.f_regression",
    "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
    "sklearn.gaussian_process.kernels.CompoundKernel",
    "sklearn.gaussian_process.kernels.ConstantKernel",
    "sklearn.gaussian_process.kernels.DotProduct",
    "sklearn.gaussian_process.kernels.ExpSineSquared",
    "sklearn.gaussian_process.kernels.Exponentiation",
    "sklearn.gaussian_process.kernels.Matern",
    "sklearn.gaussian_process.kernels.Product",
    "sklearn.gaussian_process.kernels.RBF",
    "sklearn.gaussian_process.kernels.RationalQuadratic",
    "sklearn.gaussian_process.kernels.Sum",
    "sklearn.gaussian_process.kernels.WhiteKernel",
    "sklearn.metrics._dist_metrics.ChebyshevDistance64",
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.metrics._dist_metrics.ManhattanDistance64",
    "sklearn.metrics._dist_metrics.MinkowskiDistance64",
    "sklearn.model_selection._split.GroupKFold",
    "sklearn.model_selection._split.KFold",
    "sklearn.model_selection._split.RepeatedKFold",
    "sklearn.model_selection._split.RepeatedStratifiedKFold",
    "sklearn.model_selection._split.ShuffleSplit",
    "sklearn.model_selection._split.StratifiedGroupKFold",
    "sklearn.model_selection._split.StratifiedKFold",
    "sklearn.model_selection._split.StratifiedShuffleSplit",
    "sklearn.model_selection._split.TimeSeriesSplit",
    "sklearn.neighbors._ball_tree.BallTree",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn.tree._tree.Tree",
    "sklearn.utils._bunch.Bunch",
    "sklearn.utils.validation.check_array",
)

SCIPY = {
    "1.17": ("scipy._lib.array_api_compat.numpy._aliases.asarray",),
    "1.18": ("scipy._external.array_api_compat.numpy._aliases.asarray", "scipy.interpolate._bsplines._BSpline"),
}
"""What splines are made of, by the release of scipy that stored them; a file of either may come along."""

_LIGHTGBM = (
    "collections.OrderedDict",
    "lightgbm.basic.Booster",
    "lightgbm.sklearn.LGBMClassifier",
    "lightgbm.sklearn.LGBMRegressor",
)

_CARAFE = (
    "carafe.models.steps.arithmetic.Product",
    "carafe.models.steps.arithmetic.Ratio",
    "carafe.models.steps.arithmetic.Sum",
    "carafe.models.steps.bin.Bin",
    "carafe.models.steps.clip.Clip",
    "carafe.models.steps.date_parts.DateParts",
    "carafe.models.steps.elapsed.Elapsed",
    "carafe.models.steps.missing_values.MissingValues",
    "carafe.models.steps.outlier_flag.OutlierFlag",
    "carafe.models.steps.replace_outliers.ReplaceOutliers",
    "carafe.models.steps.short_names.ShortNames",
    "carafe.models.steps.words.Words",
)

ALLOWED: tuple[str, ...] = (*_SKLEARN, *(name for names in SCIPY.values() for name in names), *_LIGHTGBM, *_CARAFE)
"""Every type that may be loaded beside those that skops trusts by itself."""
