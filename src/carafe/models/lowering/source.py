"""The source of a function that is generated for one plan: its lines, and the constants that it finds by name.

Nothing of a plan but slot numbers, which are integers, ever becomes part of the source: constants, tables and names of
columns are values in the function's namespace. So no plan, whoever wrote it, can make another program of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from types import CodeType
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """What a slot is in the source, and what it may be when it is evaluated."""

    text: str
    none: bool = False
    """None may stand for a missing value."""
    nan: bool = False
    """NaN may stand for a missing value."""
    whole: bool = False
    """It may be an integer or a boolean in place of a float."""

    @property
    def is_name(self) -> bool:
        """Whether it costs nothing to write it twice."""
        return self.text.isidentifier()


@dataclass(slots=True)
class Source:
    """A function's body as it is written."""

    lines: list[str] = field(default_factory=list)
    namespace: dict[str, Any] = field(default_factory=lambda: {"nan": math.nan})
    count: int = 0

    def constant(self, value: object) -> str:
        """Return the name under which the function finds a value."""
        name = f"k{self._number()}"
        self.namespace[name] = value
        return name

    def fresh(self) -> str:
        """Return a name for a local variable."""
        return f"v{self._number()}"

    def line(self, text: str) -> None:
        """Append a line."""
        self.lines.append(text)

    def bound(self, expression: Expression) -> Expression:
        """Return the expression as a name, evaluated once before."""
        if expression.is_name:
            return expression
        name = self.fresh()
        self.line(f"{name} = {expression.text}")
        return replace(expression, text=name)

    def compiled(self, result: str, *, inputs: Sequence[str]) -> Callable[..., Any]:
        """Return the function of a record that computes the lines and returns ``result``."""
        body = [f"[{', '.join(inputs)}] = record"] if inputs else []
        text = "\n    ".join(["def encode(record):", *body, *self.lines, f"return {result}"])
        code: CodeType = compile(text, "<column plan>", "exec")
        exec(code, self.namespace)  # noqa: S102 - made here, of slot numbers alone
        function: Callable[..., Any] = self.namespace["encode"]
        return function

    def _number(self) -> int:
        self.count += 1
        return self.count
