"""From a part of a rule to the quantity that it names: `recall[carrier]`, `worst(...)`, `age(model)`."""

from __future__ import annotations

import ast

from mlops_actions.errors import nearest
from mlops_actions.evidence.slicing import slicing_of
from mlops_actions.policy.language.rule import (
    EQUALIZED_ODDS,
    Gap,
    InSlice,
    Measured,
    Overall,
    PerSlice,
    Quantity,
    Ratio,
    Sampled,
    Worst,
)
from mlops_actions.policy.language.source import Source
from mlops_actions.statistics.latency import LATENCIES
from mlops_actions.statistics.metrics import METRICS, metric_of
from mlops_actions.statistics.metrics.names import name_of

DISPARITIES = {
    "demographic_parity": "selection_rate",
    "equal_opportunity": "recall",
    "predictive_equality": "false_positive_rate",
    "predictive_parity": "precision",
    "equalized_odds": EQUALIZED_ODDS,
}
"""Fairness metrics, as the gap of a plain metric between groups."""
DISPARATE_IMPACT = "disparate_impact"
"""The ratio of selection rates."""
FUNCTIONS = ("abs", "age", "days", "gap", "hours", "passed", "ratio", "weeks", "worst")
_FAMILIES: dict[str, type[Worst | Gap | Ratio]] = {"worst": Worst, "gap": Gap, "ratio": Ratio}


def quantity(source: Source, node: ast.expr) -> Quantity:
    """The quantity that a name, a subscript or a call stands for; InputError for any other construct."""
    match node:
        case ast.Name(id="size_mb"):
            return Measured("size_mb")
        case ast.Name(id=name) if name in LATENCIES:
            return Measured(name)
        case ast.Name(id=name) if name in DISPARITIES or name == DISPARATE_IMPACT:
            what = "ratio" if name == DISPARATE_IMPACT else "gap"
            raise source.error(node, f"{name} is a {what} between groups.", f"Name the column: {name}[column].")
        case ast.Name() | ast.Attribute() | ast.BinOp(op=ast.MatMult()):
            return _with_threshold(source, node)
        case ast.Subscript(value=ast.Name(id=name), slice=column) if name in DISPARITIES:
            return Gap(PerSlice(DISPARITIES[name], _column(source, column)))
        case ast.Subscript(value=ast.Name(id=name), slice=column) if name == DISPARATE_IMPACT:
            return Ratio(PerSlice("selection_rate", _column(source, column)))
        case ast.Subscript():
            return _sliced(source, node)
        case ast.Call():
            return _call(source, node)
    raise source.error(
        node, f"`{source.written(node)}` is not part of the rule language.", "Use metrics, numbers, champion, + - * /."
    )


def _with_threshold(source: Source, node: ast.expr) -> Sampled:
    """A metric, and the slice that stands behind its threshold: Python reads `recall@0.3[carrier]` that way."""
    match node:
        case ast.BinOp(left=left, right=ast.Subscript(value=threshold, slice=slices)):
            metric = ast.copy_location(ast.BinOp(left, ast.MatMult(), threshold), node)
            return _sliced(source, ast.copy_location(ast.Subscript(metric, slices), node))
    return Overall(_metric(source, node))


def _metric(source: Source, node: ast.expr) -> str:
    match node:
        case ast.BinOp(left=ast.BinOp() | ast.UnaryOp(), op=ast.MatMult()):
            raise source.error(
                node, "the threshold stands behind arithmetic.", "Put the metric in parentheses: 0.9 * (recall@0.3)."
            )
        case ast.BinOp(op=ast.MatMult()) | ast.Call():
            return _catalogued(source, node)
        case ast.Name(id=name):
            return _catalogued(source, node) if name in METRICS else name
        case ast.Attribute(value=parent, attr=name):
            return f"{_metric(source, parent)}.{name}"
    raise source.error(node, f"`{source.written(node)}` is not a metric.", "Write a metric's name, such as recall.")


def _catalogued(source: Source, node: ast.expr) -> str:
    try:
        return metric_of(name_of(node)).name
    except ValueError as error:
        raise source.error(node, str(error), "") from None


def _sliced(source: Source, node: ast.Subscript) -> Sampled:
    metric = _metric(source, node.value)
    match node.slice:
        case ast.Compare(left=column, ops=[ast.Eq()], comparators=[value]):
            return InSlice(metric, _column(source, column), _value(source, value))
        case ast.Compare():
            raise source.error(node.slice, "a slice is one value of a column.", f'Write {metric}[column == "value"].')
    return PerSlice(metric, _column(source, node.slice))


def _column(source: Source, node: ast.expr) -> str:
    """What the slices are cut by, as evaluations write it."""
    return str(slicing_of(node, source.error))


def _value(source: Source, node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str() as value):
            return value
        case ast.Constant(value=bool() as value):
            return "true" if value else "false"
        case ast.Constant(value=int() | float() as value):
            return _digits(value)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)) if value is not True:
            return _digits(-value)
        case ast.Name(id=name):
            raise source.error(node, f"the value {name} has no quotes.", f'Write "{name}".')
    raise source.error(node, f"`{source.written(node)}` is not a value of a column.", 'Write it in quotes: "AA".')


def _digits(value: float) -> str:
    """As evaluations write numbers: 9.0 is 9."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _call(source: Source, node: ast.Call) -> Quantity:
    if isinstance(node.func, ast.Name) and node.func.id in METRICS:
        return Overall(_metric(source, node))
    name = function(source, node)
    if name == "age":
        match only_argument(source, node):
            case ast.Name(id="model"):
                return Measured("age")
            case other:
                raise source.error(other, "only the model has an age.", "Write age(model) < days(30).")
    if name in _FAMILIES:
        argument = only_argument(source, node)
        of = quantity(source, argument)
        if isinstance(of, Gap) and name != "worst":
            # A fairness metric by its name is what it is the gap of.
            of = of.of
        if isinstance(of, PerSlice):
            return _FAMILIES[name](of)
        raise source.error(argument, f"{name}(...) looks at the slices of a metric.", f"Write {name}(recall[column]).")
    if name == "abs":
        raise source.error(node, "abs(...) stands alone on its side of a rule.", "Write abs(...) <= 0.05.")
    raise source.error(
        node, f"{name}(...) has no place here.", "Write passed(data) as a rule of its own, days(30) beside age(model)."
    )


def function(source: Source, node: ast.Call) -> str:
    """The name of a function of the language; InputError with the nearest one otherwise."""
    match node.func:
        case ast.Name(id=name) if name in FUNCTIONS:
            return name
    raise source.error(
        node.func,
        f"there is no function `{source.written(node.func)}`.",
        nearest(source.written(node.func), FUNCTIONS),
    )


def only_argument(source: Source, node: ast.Call) -> ast.expr:
    """The argument of a function that takes one."""
    if len(node.args) == 1 and not node.keywords and not isinstance(node.args[0], ast.Starred):
        return node.args[0]
    raise source.error(
        node, f"`{source.written(node.func)}` takes exactly one argument.", f"Write {source.written(node.func)}(...)."
    )
