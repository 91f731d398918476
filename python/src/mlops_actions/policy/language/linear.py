"""Arithmetic in a rule: every side is linear in one quantity, one reference's same quantity, and numbers."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from math import isfinite

from mlops_actions.errors import nearest
from mlops_actions.policy.language.quantities import only_argument, quantity
from mlops_actions.policy.language.rule import REFERENCES, Against, Quantity
from mlops_actions.policy.language.source import EXAMPLE, Source

_DAYS = {"hours": 1 / 24, "days": 1.0, "weeks": 7.0}


@dataclass(frozen=True)
class Linear:
    """`factor * quantity + reference * (the reference's) + constant`."""

    quantity: Quantity | None = None
    factor: float = 0.0
    reference: float = 0.0
    constant: float = 0.0
    against: Against | None = None
    """The reference, such as the champion."""
    duration: bool = False
    """Whether the constant is a time, in days."""

    @property
    def plain(self) -> bool:
        """Whether it is only a number."""
        return self.quantity is None and not self.reference and not self.duration


def linear(source: Source, node: ast.expr) -> Linear:
    """Read one side of a comparison; InputError where it is not linear in one quantity."""
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return _finite(source, node, Linear(constant=_number(source, node, number)))
        case ast.Constant():
            raise source.error(node, f"`{source.written(node)}` is not a number.", EXAMPLE)
        case ast.Name(id="champion" | "anchor" | "baseline" | "recorded" as against):
            return Linear(reference=1.0, against=against)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _times(source, node, linear(source, operand), -1.0)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return linear(source, operand)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return add(source, node, linear(source, left), linear(source, right))
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return subtract(source, node, linear(source, left), linear(source, right))
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _product(source, node, linear(source, left), linear(source, right))
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return _quotient(source, node, linear(source, left), linear(source, right))
        case ast.BinOp(op=ast.MatMult()):
            return Linear(quantity=quantity(source, node), factor=1.0)
        case ast.BinOp():
            raise source.error(node, "rules know + - * / only.", EXAMPLE)
        case ast.Call(func=ast.Name(id=name)) if name in _DAYS:
            return _duration(source, node, name)
    return Linear(quantity=quantity(source, node), factor=1.0)


def add(source: Source, node: ast.expr, left: Linear, right: Linear) -> Linear:
    """The sum of two sides; InputError where they speak of different quantities."""
    if left.quantity is not None and right.quantity is not None and left.quantity != right.quantity:
        advice = nearest(str(right.quantity), REFERENCES)
        raise source.error(
            node,
            f"one rule speaks of {left.quantity} and of {right.quantity}.",
            advice if advice.startswith("Did you mean") else "Compare one metric with numbers or with champion.",
        )
    if left.against and right.against and left.against != right.against:
        raise source.error(
            node, f"one rule compares with the {left.against} and with the {right.against}.", "Write two rules."
        )
    total = Linear(
        left.quantity if left.quantity is not None else right.quantity,
        left.factor + right.factor,
        left.reference + right.reference,
        left.constant + right.constant,
        left.against or right.against,
        left.duration or right.duration,
    )
    return _finite(source, node, total)


def subtract(source: Source, node: ast.expr, left: Linear, right: Linear) -> Linear:
    """The difference of two sides; see `add`."""
    return add(source, node, left, _times(source, node, right, -1.0))


def _times(source: Source, node: ast.expr, side: Linear, number: float) -> Linear:
    scaled = replace(
        side, factor=side.factor * number, reference=side.reference * number, constant=side.constant * number
    )
    return _finite(source, node, scaled)


def _product(source: Source, node: ast.expr, left: Linear, right: Linear) -> Linear:
    if left.plain:
        return _times(source, node, right, left.constant)
    if right.plain:
        return _times(source, node, left, right.constant)
    raise source.error(node, "two quantities cannot be multiplied.", "Multiply by a number: 0.98 * champion.")


def _quotient(source: Source, node: ast.expr, left: Linear, right: Linear) -> Linear:
    if not right.plain:
        raise source.error(node, "only a number can divide.", "Write roc_auc >= 0.98 * champion instead of a ratio.")
    if not right.constant:
        raise source.error(node, "this divides by 0.", EXAMPLE)
    return _times(source, node, left, 1.0 / right.constant)


def _duration(source: Source, node: ast.Call, name: str) -> Linear:
    length = linear(source, only_argument(source, node))
    if not length.plain:
        raise source.error(node, f"{name}(...) takes a number.", "Write days(30).")
    return replace(_times(source, node, length, _DAYS[name]), duration=True)


def _number(source: Source, node: ast.expr, number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        raise source.error(node, "the number is too large.", EXAMPLE) from None


def _finite(source: Source, node: ast.expr, side: Linear) -> Linear:
    if all(isfinite(part) for part in (side.factor, side.reference, side.constant)):
        return side
    raise source.error(node, "the number is too large.", EXAMPLE)
