"""A fitted scikit-learn estimator or pipeline, kept with skops: data only, nothing is ever unpickled."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from typing import Any

import skops.io
from skops.io.exceptions import UnsupportedTypeException, UntrustedTypesFoundException

from carafe.errors import CorruptArtefact, MissingExtra, UnsupportedModel
from carafe.models.failure import failed_load
from carafe.models.flavours.allowed import ALLOWED
from carafe.models.flavours.archive import FILE, check_archive
from carafe.models.flavours.native import NativeModel
from carafe.models.flavours.neighbours import check_neighbours
from carafe.models.flavours.openers import check_openers, refuse_openers
from carafe.models.flavours.sparse import check_sparse
from carafe.models.flavours.trees import check_stages, check_trees
from carafe.models.flavours.vectors import check_vectors
from carafe.models.manifest import Manifest


def dump(estimator: object) -> dict[str, bytes]:
    """Return ``model.skops``.

    Raises:
        UnsupportedModel: when the estimator holds a type outside the allow-list, something skops can't keep, or a
            vectoriser that opens what a text names.
    """
    refuse_openers(estimator)
    try:
        content = skops.io.dumps(estimator, compression=zipfile.ZIP_DEFLATED, compresslevel=1)
        untrusted = set(skops.io.get_untrusted_types(data=content)) - set(ALLOWED)
    except (UnsupportedTypeException, TypeError, ValueError, AttributeError, ImportError) as error:
        raise UnsupportedModel(f"{type(estimator).__name__}: skops can't keep it as data ({error})") from error
    if untrusted:
        raise UnsupportedModel(_refusal(UntrustedTypesFoundException(untrusted)))
    return {FILE: content}


def wrap(estimator: object, manifest: Manifest) -> NativeModel:
    """Return the model that serves a fitted estimator."""
    return NativeModel(estimator=estimator, signature=manifest.signature, container=manifest.container)


def load(files: Mapping[str, bytes], manifest: Manifest) -> NativeModel:
    """Return the model in ``model.skops``, once its types are all in the allow-list and its parts are sound.

    Raises:
        CorruptArtefact: when there is no such file, it can't be parsed, or it holds what must not be loaded.
        MissingExtra: when it needs a library that is not installed.
        LoadFailed: when this machine has not what it takes, such as memory.
    """
    if FILE not in files:
        raise CorruptArtefact(f"{FILE}: missing")
    check_archive(files[FILE])
    try:
        estimator = skops.io.loads(files[FILE], trusted=ALLOWED)
    except UntrustedTypesFoundException as error:
        raise CorruptArtefact(f"{FILE}: {_refusal(error)}") from error
    except ModuleNotFoundError as error:
        raise MissingExtra.of("this model", error) from error
    except OSError as error:  # OSError: a library of the system that LightGBM needs
        raise MissingExtra(
            f"this model needs what is not installed ({error}): pip install 'carafe-serve[train]'"
        ) from error
    except Exception as error:
        raise failed_load(f"{FILE}: can't be parsed", error) from error
    return _checked(estimator, manifest)


def on_one_thread(estimator: Any) -> Any:  # noqa: ANN401 - scikit-learn ships no types
    """Return a loaded estimator set to answer on the thread that asks: threads of its own cost more than a few rows."""
    many = {name: 1 for name, value in estimator.get_params(deep=True).items() if _is_crowd(name, value)}
    return estimator.set_params(**many) if many else estimator


def _is_crowd(name: str, value: object) -> bool:
    return name.rpartition("__")[2] == "n_jobs" and value not in {None, 1}


def _checked(estimator: object, manifest: Manifest) -> NativeModel:
    """Return the model, once everything inside it is sound; what can't even be looked through is not."""
    try:
        for check in (check_openers, check_trees, check_neighbours, check_vectors, check_sparse, check_stages):
            check(estimator)
        return wrap(on_one_thread(estimator), manifest)
    except CorruptArtefact:
        raise
    except ModuleNotFoundError as error:
        raise MissingExtra.of("this model", error) from error
    except Exception as error:
        raise failed_load(f"{FILE}: can't be looked through", error) from error


def _refusal(error: UntrustedTypesFoundException) -> str:
    story = str(error).partition("\n")[0].removeprefix("Untrusted types found in the file: ").rstrip(".")
    return (
        f"it is made of types that Carafe does not load: {story}; use estimators of scikit-learn, LightGBM or "
        "carafe.models.steps, and replace lambdas and own functions with them"
    )
