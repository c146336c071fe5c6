from __future__ import annotations

import pytest

from carafe.errors import CorruptArtefact, LoadFailed, PredictionFailed
from carafe.models.failure import failed_load


@pytest.mark.parametrize("error", [MemoryError(), OSError(24, "Too many open files"), ImportError("libgomp.so.1")])
def test_what_a_machine_lacks_says_nothing_of_the_content_however_deep_it_is_wrapped(error: Exception) -> None:
    wrapped = PredictionFailed("the model fails on these rows")
    wrapped.__cause__ = error
    met_on_the_way = ValueError("no model")
    met_on_the_way.__context__ = error
    for each in (error, wrapped, met_on_the_way):
        told = failed_load("model.skops: can't be parsed", each)
        assert type(told) is LoadFailed
        assert str(told).startswith(f"model.skops: can't be parsed on this machine now ({type(error).__name__}: ")


def test_whatever_else_is_raised_says_that_the_content_is_not_sound() -> None:
    told = failed_load("model.skops: can't be parsed", KeyError("trees"))
    assert type(told) is CorruptArtefact
    assert str(told) == "model.skops: can't be parsed (KeyError: 'trees')"
