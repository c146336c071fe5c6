from __future__ import annotations

import subprocess
import sys

import pytest

import carafe


def test_every_name_it_exports_is_there() -> None:
    for name in carafe.__all__:
        assert getattr(carafe, name) is not None
    assert set(carafe.__all__) <= set(dir(carafe))


def test_a_name_it_does_not_export_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'carafe' has no attribute 'brew'"):
        _ = carafe.brew


def test_importing_it_imports_none_of_the_heavy_libraries() -> None:
    heavy = ["sklearn", "polars", "pandas", "numpy", "flask", "sqlalchemy", "skops", "scipy"]
    code = f"import carafe, sys; print([name for name in {heavy} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"


@pytest.mark.parametrize("library", ["sklearn", "polars"])
def test_a_name_whose_library_is_absent_names_the_extra(library: str) -> None:
    code = f"import sys; sys.modules['{library}'] = None; import carafe; carafe.train"
    failed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    last = failed.stderr.splitlines()[-1]
    assert last == f"carafe.errors.MissingExtra: carafe.train needs {library}: pip install 'carafe-serve[train]'"
