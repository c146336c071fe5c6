"""A reference on the command line where a change asks for a very version."""

from __future__ import annotations

import click

from carafe.schema import ModelRef


def named_version(text: str) -> ModelRef:
    """Read ``houses@4`` or ``houses@staging``. A bare ``houses`` means its champion elsewhere; here it is refused.

    Raises:
        InvalidName: when it is no reference.
        click.UsageError: when it names a model only.
    """
    ref = ModelRef.parse(text)
    if "@" not in text:
        raise click.UsageError(
            f"which version of {ref.name}? `carafe models show {ref.name}` lists them; say {ref.name}@3"
        )
    return ref
