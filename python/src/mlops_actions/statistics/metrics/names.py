"""How a metric is written: `recall`, `fbeta(2)`, `recall("AA")`, `recall@0.3`, `recall@false_positive_rate(0.01)`.

All of it is Python's own grammar (`@` is its operator for matrices), so a rule reads it without any special case.
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass, replace
from typing import Literal, get_args

from mlops_actions.errors import nearest
from mlops_actions.statistics.metrics.catalogue import METRICS, Metric

Constraint = Literal["false_positive_rate", "specificity", "selection_rate", "recall"]
CONSTRAINTS: tuple[str, ...] = get_args(Constraint)

EXAMPLES = {
    "beta": "fbeta(2)",
    "quantile": "quantile_loss(0.9)",
    "tolerance": "within_tolerance(10)",
}


@dataclass(frozen=True)
class OperatingPoint:
    """The threshold at which a metric just keeps a limit, chosen on the test set itself."""

    constraint: Constraint
    """At most the limit: false_positive_rate, selection_rate. At least: specificity, recall."""
    limit: float

    def __str__(self) -> str:
        return f"{self.constraint}({_digits(self.limit)})"


@dataclass(frozen=True)
class Name:
    """A metric's name taken apart."""

    base: str
    """The name in the catalogue, or a column's."""
    argument: float | str | None = None
    """A parameter, or the class that counts as positive."""
    at: float | OperatingPoint | None = None
    """The threshold from which a score counts as positive; None for the labels as they are."""

    def __str__(self) -> str:
        if isinstance(self.argument, str):
            inside = f"({json.dumps(self.argument, ensure_ascii=False)})"
        else:
            inside = "" if self.argument is None else f"({_digits(self.argument)})"
        at = "" if self.at is None else f"@{self.at if isinstance(self.at, OperatingPoint) else _digits(self.at)}"
        return f"{self.base}{inside}{at}"


def read_name(text: str) -> Name:
    """Take a metric's name apart.

    Raises ValueError, saying what is wrong and what to write, for a text that is none.

    >>> read_name("fbeta(2)@0.30")
    Name(base='fbeta', argument=2.0, at=0.3)
    >>> str(read_name("recall @ false_positive_rate(.01)"))
    'recall@false_positive_rate(0.01)'
    """
    if not {"(", "@"} & set(text):
        return Name(text)
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError(f"{text!r} is no name of a metric. Write recall, fbeta(2), recall@0.3.") from None
    return name_of(node)


def name_of(node: ast.expr) -> Name:
    """The metric that a part of a rule names; ValueError as `read_name`."""
    match node:
        case ast.Name(id=base):
            return Name(base)
        case ast.Call(func=ast.Name(id=base), args=[argument], keywords=[]):
            return Name(base, _argument(argument))
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            name = name_of(left)
            if name.at is not None:
                raise ValueError(f"{name} has a threshold already. Write one `@`.")
            return replace(name, at=_threshold(right))
    raise ValueError(f"`{ast.unparse(node)}` is no metric. Write recall, fbeta(2), recall@0.3.")


def metric_of(name: Name) -> Metric:
    """The metric of this name, from the catalogue.

    Raises ValueError where there is none, or where its parameter or threshold cannot be.

    >>> metric_of(read_name("recall@0.3")).bounds
    (0.0, 1.0)
    """
    base = METRICS.get(name.base)
    if base is None:
        beta = re.fullmatch(r"f_?(\d+(?:[._]\d+)?)", name.base)
        hint = f"Write fbeta({beta[1].replace('_', '.')})." if beta else nearest(name.base, METRICS)
        raise ValueError(f"there is no metric {name.base!r}. {hint}")
    found = _with_argument(base, name)
    if name.at is not None:
        found = _at(found, name)
    return replace(found, name=str(name))


def known_metric(text: str) -> Metric | None:
    """The metric of the catalogue with this name, or None for any other number's.

    >>> known_metric("fbeta(2)").higher_is_better, known_metric("profit")
    (True, None)
    """
    try:
        return metric_of(read_name(text))
    except ValueError:
        return None


def _with_argument(base: Metric, name: Name) -> Metric:
    argument = name.argument
    if base.parameter is None:
        if argument is None:
            return base
        if not base.per_class:
            raise ValueError(f"{name.base} takes nothing in parentheses. Write {name.base}.")
        if not isinstance(argument, str):
            raise ValueError(f'a class is written in quotes. Write {name.base}("{_digits(argument)}").')
        return replace(base, tasks=("multiclass",), needs="probabilities" if base.needs == "scores" else base.needs)
    example = EXAMPLES[base.parameter]
    if argument is None or isinstance(argument, str):
        raise ValueError(f"{name.base} needs its {base.parameter}. Write {example}.")
    allowed = {
        "beta": (argument > 0, "above 0"),
        "quantile": (0 < argument < 1, "between 0 and 1"),
        "tolerance": (argument >= 0, "0 or more"),
    }
    fits, where = allowed[base.parameter]
    if not fits:
        raise ValueError(f"the {base.parameter} of {name.base} is {where}, not {_digits(argument)}. Write {example}.")
    return base


def _at(metric: Metric, name: Name) -> Metric:
    if metric.needs != "labels" or "binary" not in metric.tasks:
        raise ValueError(f"{replace(name, at=None)} has no threshold: only binary metrics of labels have one.")
    if isinstance(name.at, OperatingPoint):
        # Each model has its own threshold, which varies too: no row is simply gained or lost.
        return replace(metric, tasks=("binary",), needs="scores", difference="identity", method="operating-point")
    return replace(metric, tasks=("binary",), needs="scores")


def _argument(node: ast.expr) -> float | str:
    match node:
        case ast.Constant(value=str() as label):
            return label
    return _number(node)


def _threshold(node: ast.expr) -> float | OperatingPoint:
    match node:
        case ast.Call(func=ast.Name(id=constraint), args=[limit], keywords=[]):
            if constraint not in CONSTRAINTS:
                raise ValueError(f"no threshold is chosen by {constraint}. {nearest(constraint, CONSTRAINTS)}")
            number = _number(limit)
            if not 0 < number < 1:
                raise ValueError(f"the limit of {constraint} is between 0 and 1, not {_digits(number)}.")
            return OperatingPoint(constraint, number)  # type: ignore[arg-type]
    threshold = _number(node)
    if not 0 <= threshold <= 1:
        raise ValueError(f"a threshold is between 0 and 1, not {_digits(threshold)}.")
    return threshold


def _number(node: ast.expr) -> float:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool) and abs(number) < 1e300:
            return float(number)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_number(operand)
    raise ValueError(f"`{ast.unparse(node)}` is not a number. Write recall@0.3 or fbeta(2).")


def _digits(number: float) -> str:
    return str(int(number)) if number.is_integer() else repr(number)
