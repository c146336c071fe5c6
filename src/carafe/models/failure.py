"""What a failure to make a model of content says: that the content is not sound, or that this machine can't do it."""

from __future__ import annotations

from collections.abc import Iterator

from carafe.errors import CarafeError, CorruptArtefact, LoadFailed

_OF_THE_MACHINE = (MemoryError, OSError, ImportError)
"""What has to do with the machine or what is installed on it, and says nothing of the content."""


def failed_load(what: str, error: Exception) -> CarafeError:
    """Return the error to raise for one that came up, or that is behind it, while content was made a model.

    Args:
        what: what failed, such as ``model.skops: can't be parsed``.
        error: what a library, or the content, raised.
    """
    for cause in _causes(error):
        if isinstance(cause, _OF_THE_MACHINE):
            return LoadFailed(f"{what} on this machine now ({type(cause).__name__}: {cause})")
    return CorruptArtefact(f"{what} ({type(error).__name__}: {error})")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
