"""The operations of a plan as expressions of Python's, for one row: the same numbers as ``arrays``, bit for bit."""

from __future__ import annotations

import math
import struct
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from carafe.models.lowering.arrays import EPSILON, compute
from carafe.models.lowering.op import Op
from carafe.models.lowering.plan import (
    Above,
    Arithmetic,
    Blank,
    Check,
    Cut,
    Elapsed,
    Function,
    Impute,
    Limit,
    Missing,
    Operator,
    Outside,
    Power,
    Product,
    Ratio,
    Replace,
    Single,
    Sum,
    Wrap,
)
from carafe.models.lowering.source import Expression, Source


def express(op: Op, source: Source, *operands: Expression) -> Expression:
    """Return what an operation appends, as an expression of what it reads."""
    return EXPRESSIONS[type(op)](op, source, *operands)


def as_float(operand: Expression) -> Expression:
    """Return an expression that is always a float, NaN where a value is missing."""
    text = f"{operand.text} * 1.0" if operand.whole else operand.text
    if operand.none:
        text = f"(nan if {operand.text} is None else {text})"
    return Expression(text=f"({text})" if operand.whole and not operand.none else text, nan=operand.nan or operand.none)


def _number(operand: Expression) -> Expression:
    """Return an expression that is a number, NaN where a value is missing."""
    if not operand.none:
        return operand
    return Expression(text=f"(nan if {operand.text} is None else {operand.text})", nan=True, whole=operand.whole)


def _missing(_op: Missing, source: Source, operand: Expression) -> Expression:
    if operand.none:
        return Expression(text=f"(1.0 if {operand.text} is None else 0.0)")
    if not operand.nan:
        return Expression(text="0.0")
    name = source.bound(operand).text
    return Expression(text=f"(0.0 if {name} == {name} else 1.0)")


def _impute(op: Impute, source: Source, operand: Expression) -> Expression:
    if operand.none:
        fill = source.constant(op.fill)
        return Expression(text=f"({fill} if {operand.text} is None else {operand.text})", whole=operand.whole)
    if not operand.nan:
        return operand
    name, fill = source.bound(operand).text, source.constant(op.fill)
    return Expression(text=f"({name} if {name} == {name} else {fill})", whole=operand.whole)


def _blank(op: Blank, source: Source, operand: Expression) -> Expression:
    name = source.bound(_number(operand)).text
    disguised = source.constant(frozenset(op.values))
    return Expression(text=f"(nan if {name} in {disguised} else {name})", nan=True, whole=operand.whole)


def _arithmetic(op: Arithmetic, source: Source, operand: Expression) -> Expression:
    number, sign = _number(operand), Operator(op.operator).value
    return Expression(text=f"({number.text} {sign} {source.constant(op.by)})", nan=number.nan)


def _bounds(op: Limit | Outside | Replace, source: Source) -> tuple[str, str]:
    low, high = (-math.inf if op.low is None else op.low), (math.inf if op.high is None else op.high)
    return source.constant(low), source.constant(high)


def _limit(op: Limit, source: Source, operand: Expression) -> Expression:
    number, (low, high) = source.bound(_number(operand)), _bounds(op, source)
    name = number.text
    text = f"({low} if {name} < {low} else {high} if {name} > {high} else {name})"
    return Expression(text=text, nan=number.nan, whole=number.whole)


def _outside(op: Outside, source: Source, operand: Expression) -> Expression:
    name, (low, high) = source.bound(_number(operand)).text, _bounds(op, source)
    return Expression(text=f"(1.0 if {name} < {low} or {name} > {high} else 0.0)")


def _replace(op: Replace, source: Source, operand: Expression) -> Expression:
    number, (low, high) = source.bound(_number(operand)), _bounds(op, source)
    name, by = number.text, source.constant(math.nan if op.by is None else op.by)
    text = f"({by} if {name} < {low} or {name} > {high} else {name})"
    return Expression(text=text, nan=number.nan or op.by is None, whole=number.whole)


def _above(op: Above, source: Source, operand: Expression) -> Expression:
    return Expression(text=f"(1.0 if {_number(operand).text} > {source.constant(op.threshold)} else 0.0)")


def _cut(op: Cut, source: Source, operand: Expression) -> Expression:
    source.namespace["bisect"] = bisect_right
    number, edges = _number(operand), source.constant(op.edges)
    bins = source.constant(tuple(map(float, range(len(op.edges) + 1))))
    if not number.nan:
        return Expression(text=f"{bins}[bisect({edges}, {number.text})]")
    name = source.bound(number).text
    return Expression(text=f"({bins}[bisect({edges}, {name})] if {name} == {name} else -1.0)")


def _single(_op: Single, source: Source, operand: Expression) -> Expression:
    source.namespace["single"] = _to_single
    number = _number(operand)
    return Expression(text=f"single({number.text})", nan=number.nan)


def _wrap(op: Wrap, source: Source, operand: Expression) -> Expression:
    source.namespace["wrap"] = _wrapped
    number, info = source.bound(_number(operand)), np.iinfo(op.dtype)
    name, low, high = number.text, source.constant(int(info.min)), source.constant(int(info.max))
    text = f"({name} if {low} <= {name} <= {high} else wrap({source.constant(op)}, {name}))"
    return Expression(text=text, nan=number.nan, whole=number.whole)


def _function(op: Function, source: Source, operand: Expression) -> Expression:
    source.namespace["evaluated"] = _evaluated
    return Expression(text=f"evaluated({source.constant(getattr(np, op.name))}, {_number(operand).text})", nan=True)


def _power(op: Power, source: Source, operand: Expression) -> Expression:
    source.namespace["power"] = _yeo_johnson
    return Expression(text=f"power({_number(operand).text}, {source.constant(op.exponent)})", nan=True)


def _check(op: Check, source: Source, operand: Expression) -> Expression:
    number = source.bound(_number(operand))
    name = number.text
    tests = [f"{name} - {name} == 0.0"]
    if op.low is not None:
        tests.append(f"{name} >= {source.constant(op.low)}")
    if op.high is not None:
        tests.append(f"{name} <= {source.constant(op.high)}")
    sound = " and ".join(tests) + (f" or {name} != {name}" if op.missing and number.nan else "")
    source.line(f"if not ({sound}): refuse(record)")
    return Expression(text=name, nan=number.nan and op.missing, whole=number.whole)


def _ratio(_op: Ratio, source: Source, numerator: Expression, denominator: Expression) -> Expression:
    source.namespace["ratio"] = _divided
    return Expression(text=f"ratio({_number(numerator).text}, {_number(denominator).text})", nan=True)


def _product(op: Product, source: Source, *operands: Expression) -> Expression:
    return _combined(" * ", source, operands, finite=op.finite)


def _sum(_op: Sum, source: Source, *operands: Expression) -> Expression:
    return _combined(" + ", source, operands, finite=True)


def _combined(sign: str, source: Source, operands: Sequence[Expression], *, finite: bool) -> Expression:
    floats = sign.join([as_float(operands[0]).text, *(_number(operand).text for operand in operands[1:])])
    name = source.fresh()
    source.line(f"{name} = {floats}")
    return Expression(text=f"({name} if {name} - {name} == 0.0 else nan)" if finite else name, nan=True)


def _elapsed(op: Elapsed, source: Source, start: Expression, end: Expression) -> Expression:
    text = f"({end.text} - {start.text}) / {source.constant(op.unit)}"
    absent = " or ".join(f"{moment.text} is None" for moment in (start, end) if moment.none)
    return Expression(text=f"(nan if {absent} else {text})" if absent else f"({text})", nan=bool(absent))


_FLOAT = struct.Struct("f")


def _to_single(number: float) -> float:
    try:
        return _FLOAT.unpack(_FLOAT.pack(number))[0]  # type: ignore[no-any-return] # it packs one float
    except OverflowError:
        return math.copysign(math.inf, number)


def _wrapped(op: Wrap, number: float) -> float:
    with np.errstate(all="ignore"):
        return float(compute(op, np.array([number], dtype=np.float64))[0])


def _evaluated(function: Callable[[float], Any], number: float) -> float:
    with np.errstate(all="ignore"):
        return float(function(float(number)))


def _yeo_johnson(number: float, exponent: float) -> float:
    if number >= 0:
        rise = _evaluated(np.log1p, number)
        return rise if abs(exponent) < EPSILON else _evaluated(np.expm1, exponent * rise) / exponent
    fall, other = _evaluated(np.log1p, -number), 2 - exponent
    return -_evaluated(np.expm1, other * fall) / other if abs(other) > EPSILON else -fall


def _divided(numerator: float, denominator: float) -> float:
    try:
        ratio = numerator / denominator
    except (ZeroDivisionError, OverflowError):
        return math.nan
    return ratio if ratio - ratio == 0.0 else math.nan


EXPRESSIONS: dict[type[Op], Callable[..., Expression]] = {
    Missing: _missing,
    Impute: _impute,
    Blank: _blank,
    Arithmetic: _arithmetic,
    Limit: _limit,
    Outside: _outside,
    Replace: _replace,
    Above: _above,
    Cut: _cut,
    Single: _single,
    Wrap: _wrap,
    Function: _function,
    Power: _power,
    Check: _check,
    Ratio: _ratio,
    Product: _product,
    Sum: _sum,
    Elapsed: _elapsed,
}
"""How each operation is written for one row."""
