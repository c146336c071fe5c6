"""Each step that is lowered: the same matrix, bit for bit, whatever rows come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PowerTransformer,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)

from carafe.models.container import CARAFE
from carafe.models.containers import build_table
from carafe.models.steps import (
    Bin,
    Clip,
    DatePart,
    DateParts,
    Elapsed,
    MissingValues,
    OutlierFlag,
    Product,
    Ratio,
    ReplaceOutliers,
    ShortNames,
    Sum,
)
from carafe.schema import Column, Kind, Rows
from models.lowering.compared import category, check, lowered, number, records_of, signature

NAN = float("nan")
NUMBERS = signature(number("a"), number("b"))
FULL = signature(number("a", nullable=False), number("b", nullable=False))
WORDS = signature(category("u", "x", "y", "z"), category("v", "no", "yes"))
MOMENTS = signature(Column(name="start", kind=Kind.DATETIME, nullable=True), Column(name="end", kind=Kind.DATETIME))

DRAW = np.random.default_rng(0)
TABLES: dict[int, Any] = {
    id(NUMBERS): Rows((np.where(DRAW.random(60) < 0.2, NAN, DRAW.normal(3, 2, 60)), DRAW.integers(0, 5, 60) * 1.5)),
    id(FULL): Rows((DRAW.normal(3, 2, 60), DRAW.integers(0, 5, 60) * 1.5)),
    id(WORDS): Rows(
        (
            np.array(["x", "y", "z", None, "x", "y"] * 10, dtype=object),
            np.array((["yes"] * 9 + ["no"]) * 6, dtype=object),
        )
    ),
    id(MOMENTS): Rows((np.arange(60).astype("datetime64[D]").astype("datetime64[us]"),) * 2),
}
ANSWERS = DRAW.normal(size=60)
CLASSES = DRAW.integers(0, 3, 60)

STEPS: dict[str, tuple[Any, Callable[[], Any]]] = {
    "standard": (NUMBERS, StandardScaler),
    "standard without mean": (NUMBERS, lambda: StandardScaler(with_mean=False)),
    "min-max": (NUMBERS, lambda: MinMaxScaler(feature_range=(-1, 3))),
    "min-max, clipped": (NUMBERS, lambda: MinMaxScaler(clip=True)),
    "max-abs": (NUMBERS, MaxAbsScaler),
    "robust": (NUMBERS, RobustScaler),
    "robust without scaling": (NUMBERS, lambda: RobustScaler(with_scaling=False)),
    "scaled twice": (NUMBERS, lambda: make_pipeline(MinMaxScaler(), StandardScaler(), RobustScaler())),
    "binarizer": (FULL, lambda: Binarizer(threshold=1.5)),
    "flags": (NUMBERS, lambda: MissingIndicator(error_on_new=False)),
    "k-bins": (FULL, lambda: KBinsDiscretizer(4, encode="ordinal", quantile_method="averaged_inverted_cdf")),
    "k-bins one-hot": (FULL, lambda: KBinsDiscretizer(3, quantile_method="averaged_inverted_cdf")),
    "power": (NUMBERS, PowerTransformer),
    "power unscaled": (NUMBERS, lambda: PowerTransformer(standardize=False)),
    "log1p": (NUMBERS, lambda: FunctionTransformer(np.log1p)),
    "identity": (NUMBERS, FunctionTransformer),
    "mean": (NUMBERS, SimpleImputer),
    "median and flags": (NUMBERS, lambda: SimpleImputer(strategy="median", add_indicator=True)),
    "constant": (NUMBERS, lambda: SimpleImputer(strategy="constant", fill_value=-7)),
    "0 is missing": (FULL, lambda: SimpleImputer(missing_values=0, strategy="most_frequent")),
    "every flag": (NUMBERS, lambda: MissingIndicator(features="all")),
    "new missing refused": (NUMBERS, MissingIndicator),
    "clip": (NUMBERS, lambda: Clip(method="z-score", factor=0.5)),
    "outlier flag": (NUMBERS, OutlierFlag),
    "outliers replaced": (NUMBERS, lambda: ReplaceOutliers(method="iqr", factor=0.1)),
    "bins one-hot": (NUMBERS, lambda: make_pipeline(Bin(quantiles=3), OneHotEncoder(handle_unknown="ignore"))),
    "bin codes": (NUMBERS, lambda: Bin(edges=[0, 1, 3, 9], codes=True)),
    "numbers one-hot": (NUMBERS, lambda: ColumnTransformer([("b", OneHotEncoder(handle_unknown="ignore"), ["b"])])),
    "numbers of a fixed set": (FULL, lambda: ColumnTransformer([("b", OrdinalEncoder(), ["b"])])),
    "disguised numbers": (NUMBERS, lambda: MissingValues(values={"a": [3.5, 0]})),
    "ratio, product, sum": (
        NUMBERS,
        lambda: FeatureUnion([("r", Ratio(name="r")), ("p", Product(name="p")), ("s", Sum(name="s"))]),
    ),
    "short names": (NUMBERS, ShortNames),
    "weights": (
        NUMBERS,
        lambda: FeatureUnion(
            [("a", StandardScaler()), ("b", "drop"), ("c", "passthrough")], transformer_weights={"a": 0.3}
        ),
    ),
    "one-hot": (WORDS, lambda: OneHotEncoder(handle_unknown="ignore")),
    "one-hot, first dropped": (WORDS, lambda: OneHotEncoder(handle_unknown="ignore", drop="first")),
    "one-hot of a fixed set": (WORDS, lambda: OneHotEncoder(drop="if_binary", sparse_output=False)),
    "one-hot with rare": (WORDS, lambda: OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=12)),
    "one-hot, at most two": (WORDS, lambda: OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=2)),
    "one-hot scaled": (
        WORDS,
        lambda: make_pipeline(OneHotEncoder(sparse_output=False, handle_unknown="ignore"), StandardScaler()),
    ),
    "ordinal": (WORDS, OrdinalEncoder),
    "ordinal, unknown -1": (WORDS, lambda: OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)),
    "ordinal, unknown NaN": (
        WORDS,
        lambda: OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=NAN, encoded_missing_value=-5),
    ),
    "target": (WORDS, lambda: TargetEncoder(target_type="continuous")),
    "most frequent, then one-hot": (
        WORDS,
        lambda: make_pipeline(
            SimpleImputer(missing_values=None, strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")
        ),
    ),
    "constant, then target, scaled": (
        WORDS,
        lambda: make_pipeline(
            SimpleImputer(missing_values=None, strategy="constant", fill_value="?"),
            TargetEncoder(target_type="continuous"),
            StandardScaler(),
        ),
    ),
    "disguised words": (
        WORDS,
        lambda: make_pipeline(
            MissingValues(values={"u": ["y", "never met"]}), OneHotEncoder(handle_unknown="ignore", min_frequency=1)
        ),
    ),
    "date parts": (MOMENTS, lambda: DateParts(parts=[str(part) for part in DatePart])),
    "date parts, filled": (
        MOMENTS,
        lambda: make_pipeline(DateParts(parts=["days"]), SimpleImputer(), StandardScaler()),
    ),
    "elapsed": (MOMENTS, lambda: Elapsed(unit="hours")),
}


def frame_of(columns: Any) -> pl.DataFrame:
    frame: pl.DataFrame = build_table(CARAFE, columns, TABLES[id(columns)])
    return frame


@pytest.mark.parametrize(("columns", "make"), STEPS.values(), ids=STEPS.keys())
@settings(max_examples=20)
@given(data=st.data())
def test_a_lowered_step_gives_what_the_fitted_one_gives(columns: Any, make: Callable[[], Any], data: Any) -> None:
    step = fitted_once(columns, make)
    check(step, columns, data.draw(records_of(columns)))


_FITTED: dict[int, Any] = {}


def fitted_once(columns: Any, make: Callable[[], Any]) -> Any:
    if id(make) not in _FITTED:
        _FITTED[id(make)] = (make().fit(frame_of(columns), ANSWERS), make)
    return _FITTED[id(make)][0]


def test_a_target_encoder_of_classes_gives_one_number_a_class() -> None:
    step = TargetEncoder(target_type="multiclass").fit(frame_of(WORDS), CLASSES)
    matrix = check(step, WORDS, [("x", "yes"), (None, "no"), ("never met", "")])
    assert matrix is not None
    assert matrix.shape == (3, 6)


def test_steps_after_an_encoder_are_computed_once_and_not_for_each_row() -> None:
    step = make_pipeline(OneHotEncoder(sparse_output=False, handle_unknown="ignore"), StandardScaler()).fit(
        frame_of(WORDS)
    )
    assert [type(op).__name__ for op in lowered(step, WORDS).ops] == ["OneHot", "OneHot"]


def test_pipelines_nest_and_drop_and_pass_columns_through() -> None:
    columns = signature(*NUMBERS.columns, *WORDS.columns)
    rows = Rows((*TABLES[id(NUMBERS)].columns, *TABLES[id(WORDS)].columns))
    inner = ColumnTransformer([("s", StandardScaler(), ["b"]), ("d", "drop", ["a"])], remainder="passthrough")
    step = Pipeline(
        [
            (
                "columns",
                ColumnTransformer([("n", inner, ["a", "b"]), ("w", OneHotEncoder(handle_unknown="ignore"), ["v"])]),
            ),
            ("nothing", "passthrough"),
            ("scale", MaxAbsScaler()),
        ]
    ).fit(build_table(CARAFE, columns, rows))
    matrix = check(step, columns, [(1.0, 2.0, "x", "yes"), (None, None, None, "?")])
    assert matrix is not None
    assert matrix.shape == (2, 3)
