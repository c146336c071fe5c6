from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
import scipy
import skops.io
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from sklearn.base import is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    VotingRegressor,
)
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import (
    ElasticNet,
    Lasso,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
    RidgeClassifier,
    SGDClassifier,
)
from sklearn.model_selection import KFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    PolynomialFeatures,
    QuantileTransformer,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
    TargetEncoder,
)
from sklearn.svm import SVC, SVR, LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from carafe.errors import CorruptArtefact, MissingExtra, UnsupportedModel
from carafe.models import steps
from carafe.models.flavours.allowed import ALLOWED, SCIPY
from carafe.models.flavours.archive import FILE
from carafe.models.flavours.sklearn import dump, load, on_one_thread
from carafe.models.publication import Publication

TABLE = np.random.default_rng(0).normal(size=(90, 3))
NUMBERS = np.exp(TABLE @ [1.0, 0.5, 0.2])
LABELS = np.array(["low", "middle", "high"])[np.digitize(NUMBERS, [0.6, 1.5])]

ESTIMATORS = [
    LinearRegression(),
    Ridge(),
    Lasso(),
    ElasticNet(),
    PoissonRegressor(),
    DecisionTreeRegressor(),
    RandomForestRegressor(5),
    ExtraTreesRegressor(5),
    GradientBoostingRegressor(n_estimators=5),
    HistGradientBoostingRegressor(max_iter=5),
    HistGradientBoostingRegressor(max_iter=5, loss="quantile", quantile=0.5),
    BaggingRegressor(n_estimators=3),
    VotingRegressor([("linear", LinearRegression()), ("ridge", Ridge())]),
    SVR(),
    KNeighborsRegressor(),
    KNeighborsRegressor(algorithm="ball_tree", metric="manhattan"),
    MLPRegressor(max_iter=5),
    GaussianProcessRegressor(),
    DummyRegressor(),
    make_pipeline(StandardScaler(), PolynomialFeatures(), Ridge()),
    make_pipeline(RobustScaler(), KBinsDiscretizer(quantile_method="averaged_inverted_cdf"), Ridge()),
    make_pipeline(SplineTransformer(), SelectKBest(f_regression), Ridge()),
    make_pipeline(QuantileTransformer(n_quantiles=10), FunctionTransformer(np.abs), Ridge()),
    LogisticRegression(),
    RidgeClassifier(),
    SGDClassifier(loss="log_loss"),
    DecisionTreeClassifier(criterion="entropy"),
    RandomForestClassifier(5),
    ExtraTreesClassifier(5),
    GradientBoostingClassifier(n_estimators=5),
    HistGradientBoostingClassifier(max_iter=5),
    AdaBoostClassifier(n_estimators=3),
    StackingClassifier([("bayes", GaussianNB()), ("tree", DecisionTreeClassifier())]),
    SVC(),
    LinearSVC(),
    KNeighborsClassifier(),
    MLPClassifier(max_iter=5),
    GaussianNB(),
    LinearDiscriminantAnalysis(),
    DummyClassifier(),
    CalibratedClassifierCV(LinearSVC()),
    CalibratedClassifierCV(GaussianNB(), method="isotonic"),
]


def fitted(estimator: Any) -> Any:
    return estimator.fit(TABLE, LABELS if is_classifier(estimator) else NUMBERS)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda estimator: type(estimator).__name__)
def test_an_estimator_comes_back_and_answers_the_same(estimator: Any) -> None:
    check_comes_back(fitted(estimator))


@pytest.mark.parametrize("name", ["LGBMRegressor", "LGBMClassifier"])
def test_a_lightgbm_estimator_comes_back_and_answers_the_same(name: str, lightgbm: Any) -> None:
    check_comes_back(fitted(getattr(lightgbm, name)(n_estimators=5, min_child_samples=3, verbose=-1)))


def check_same(original: Any, rows: Any) -> None:
    again = skops.io.loads(dump(original)[FILE], trusted=ALLOWED)
    np.testing.assert_array_equal(original.predict(rows), again.predict(rows))


def check_comes_back(original: Any) -> None:
    again = skops.io.loads(dump(original)[FILE], trusted=ALLOWED)
    np.testing.assert_array_equal(original.predict(TABLE), again.predict(TABLE))
    if hasattr(original, "predict_proba"):
        np.testing.assert_array_equal(original.predict_proba(TABLE), again.predict_proba(TABLE))


@pytest.mark.parametrize("estimator", [KNeighborsRegressor(), SVR(), LogisticRegression()], ids=str)
def test_an_estimator_of_sparse_rows_comes_back_and_answers_the_same(estimator: Any) -> None:
    rows = csr_matrix(np.where(TABLE > 0, TABLE, 0.0))
    original = estimator.fit(rows, LABELS if is_classifier(estimator) else NUMBERS)
    check_same(original, rows)


def test_a_target_encoder_comes_back_with_its_folds() -> None:
    encoder = TargetEncoder(cv=KFold(3, shuffle=True, random_state=0))
    words = np.where(TABLE > 0, "warm", "cold").astype(object)
    check_same(make_pipeline(encoder, Ridge()).fit(words, NUMBERS), words)


def test_the_same_estimator_gives_the_same_types_every_time(publication: Publication) -> None:
    files = dump(publication.estimator)
    assert load(files, publication.manifest).predict(publication.sample).values.shape == (40,)


def test_every_step_of_carafes_own_may_be_loaded() -> None:
    classes = [getattr(steps, name) for name in steps.__all__]
    assert {f"{cls.__module__}.{cls.__name__}" for cls in classes if hasattr(cls, "fit")} <= set(ALLOWED)


def test_every_type_in_the_list_exists_and_is_listed_once() -> None:
    assert len(set(ALLOWED)) == len(ALLOWED)
    moved = {name for names in SCIPY.values() for name in names}
    check_exist(name for name in ALLOWED if not name.startswith("lightgbm.") and name not in moved)


def test_what_scipy_moved_between_releases_is_listed_for_the_installed_one() -> None:
    release = ".".join(scipy.__version__.split(".")[:2])
    check_exist(SCIPY[release])


@pytest.mark.needs("libgomp1")
def test_every_lightgbm_type_in_the_list_exists() -> None:
    check_exist(name for name in ALLOWED if name.startswith("lightgbm."))


def check_exist(names: Iterable[str]) -> None:
    for name in names:
        module, _, attribute = name.rpartition(".")
        assert hasattr(__import__(module, fromlist=[attribute]), attribute), name


def test_the_list_opens_no_door_out_of_python() -> None:
    doors = (
        "builtins.",
        "os.",
        "posix.",
        "subprocess.",
        "operator.",
        "shutil.",
        "importlib.",
        "sys.",
        "pickle.",
        "joblib.",
    )
    assert not [name for name in ALLOWED if name.startswith(doors)]


def test_a_lambda_is_refused_with_its_name() -> None:
    own = fitted(make_pipeline(FunctionTransformer(lambda table: table), LinearRegression()))
    with pytest.raises(UnsupportedModel, match=r"types that Carafe does not load: .*<lambda>.*replace lambdas"):
        dump(own)


class Doubled(LinearRegression):  # type: ignore[misc] # scikit-learn ships no types
    """Somebody's own estimator."""


def test_a_class_of_the_users_own_is_refused_with_its_name() -> None:
    with pytest.raises(UnsupportedModel, match=r"Doubled"):
        dump(fitted(Doubled()))


def crafted(**changes: Any) -> bytes:
    """Return a skops file whose schema was changed by hand."""
    content = dump(fitted(LinearRegression()))[FILE]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files["schema.json"] = json.dumps(json.loads(files["schema.json"]) | changes).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, each in files.items():
            archive.writestr(name, each)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("module", "name"), [("os", "system"), ("builtins", "eval"), ("subprocess", "Popen"), ("joblib", "load")]
)
def test_a_crafted_file_that_names_a_dangerous_function_is_refused(
    publication: Publication, module: str, name: str
) -> None:
    for loader in ("ObjectNode", "FunctionNode", "ConstructorFromReduceNode", "TypeNode"):
        content = crafted(
            __module__=module,
            __class__=name,
            __loader__=loader,
            content={"module_path": module, "function": name, "__loader__": "JsonNode", "__class__": "str",
                     "__module__": "builtins", "content": '["true"]'},
        )  # fmt: skip
        with pytest.raises(CorruptArtefact, match=r"model\.skops: (it is made of types|can't be parsed)"):
            load({FILE: content}, publication.manifest)


def test_a_pickle_is_never_unpickled(publication: Publication) -> None:
    bomb = b"cposix\nsystem\n(S'touch /tmp/carafe-was-here'\ntR."
    with pytest.raises(CorruptArtefact, match=r"model\.skops: can't be parsed \(BadZipFile"):
        load({FILE: bomb}, publication.manifest)


def test_a_missing_model_file_is_named(publication: Publication) -> None:
    with pytest.raises(CorruptArtefact, match=r"model\.skops: missing"):
        load({}, publication.manifest)


@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=300))
def test_garbage_is_refused_and_nothing_else_happens(publication: Publication, content: bytes) -> None:
    with pytest.raises(CorruptArtefact, match=r"model\.skops: can't be parsed"):
        load({FILE: content}, publication.manifest)


def test_parts_that_can_not_even_be_looked_through_are_refused(publication: Publication) -> None:
    forest = fitted(RandomForestRegressor(2))
    forest.estimators_ = [LinearRegression()]
    with pytest.raises(CorruptArtefact, match=r"model\.skops: can't be looked through \(AttributeError"):
        load({FILE: skops.io.dumps(forest)}, publication.manifest)


def test_labels_that_have_no_order_are_refused(publication: Publication) -> None:
    tree = fitted(DecisionTreeClassifier())
    tree.classes_ = np.array(["low", 1, None], dtype=object)
    with pytest.raises(CorruptArtefact, match=r"model\.skops: can't be looked through \(TypeError"):
        load({FILE: skops.io.dumps(tree)}, publication.manifest)


def test_an_archive_that_would_fill_the_memory_is_not_unpacked(publication: Publication) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", b"0" * (65 * 1024**2))
    with pytest.raises(CorruptArtefact, match=r"model\.skops: would grow from \d+ to 68157440 bytes"):
        load({FILE: buffer.getvalue()}, publication.manifest)


def test_a_library_that_is_not_installed_is_named(publication: Publication, monkeypatch: pytest.MonkeyPatch) -> None:
    def without(content: bytes, **options: Any) -> Any:
        del content, options
        raise ModuleNotFoundError("No module named 'lightgbm'", name="lightgbm")

    files = dump(publication.estimator)
    monkeypatch.setattr(skops.io, "loads", without)
    with pytest.raises(MissingExtra, match=r"this model needs lightgbm: pip install 'carafe-serve\[train\]'"):
        load(files, publication.manifest)


def test_what_skops_can_not_keep_is_refused_with_its_reason() -> None:
    with pytest.raises(UnsupportedModel, match="skops can't keep it as data"):
        dump(fitted(LinearRegression()).set_params(positive=(number for number in [1])))


def test_a_loaded_estimator_starts_no_threads_of_its_own() -> None:
    forest = RandomForestClassifier(n_estimators=3, n_jobs=-1, random_state=0)
    for estimator in (forest, make_pipeline(StandardScaler(), forest)):
        fitted = estimator.fit(np.array([[0.0], [1.0]]), [0, 1])
        loaded = on_one_thread(skops.io.loads(skops.io.dumps(fitted), trusted=ALLOWED))
        found = {value for name, value in loaded.get_params(deep=True).items() if name.endswith("n_jobs")}
        assert found <= {None, 1}
