"""The one assertion that the suites share."""

from __future__ import annotations

from collections.abc import Callable


def refused(kind: type[Exception], action: Callable[[], object], *words: str) -> None:
    """Assert that ``action`` raises exactly ``kind``, and that its message has all ``words``."""
    try:
        action()
    except Exception as error:  # noqa: BLE001 - another error is a broken contract, and said to be
        assert type(error) is kind, f"got {error!r}, expected {kind.__name__}"  # noqa: PT017 - no pytest in the package
        missing = [word for word in words if word not in str(error)]
        assert not missing, f"{str(error)!r} does not say {missing}"  # noqa: PT017
        return
    raise AssertionError(f"nothing was raised, expected {kind.__name__}")
