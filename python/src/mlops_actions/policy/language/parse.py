"""The rule language: a whitelisted subset of Python expressions, after a leading `forbid` is cut off.

Anything that is not understood is refused with its column and what to write instead; nothing is ever evaluated.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from math import isfinite

from mlops_actions.policy.language.linear import Linear, add, linear, subtract
from mlops_actions.policy.language.quantities import only_argument
from mlops_actions.policy.language.rule import (
    EQUALIZED_ODDS,
    FLIPPED,
    Comparison,
    Demand,
    Gap,
    Guard,
    Measured,
    Operator,
    Overall,
    Passed,
    Quantity,
    Ratio,
    Shown,
    Worst,
    comparable,
)
from mlops_actions.policy.language.source import EXAMPLE, Source

_OPERATORS: dict[type[ast.cmpop], Operator] = {ast.Gt: ">", ast.GtE: ">=", ast.Lt: "<", ast.LtE: "<="}


def parse_rule(text: str, where: str) -> Demand:
    """What one rule asks for.

    Raises InputError with `where`, the column (from 1) and a suggestion for everything outside the language.

    >>> parse_rule("0.8 < accuracy", "rules:1").comparisons[0].limit
    0.8
    """
    source = Source.of(text, where)
    tree = source.tree()
    try:
        return _demand(source, tree)
    except RecursionError:
        raise source.error(tree, "the rule is nested too deeply.", EXAMPLE) from None


def _demand(source: Source, node: ast.expr) -> Demand:
    match node:
        case ast.Call(func=ast.Name(id="passed")):
            return _passed(source, node)
        case ast.Compare():
            comparisons = _comparisons(source, node)
            return Guard(comparisons) if source.guard else Shown(comparisons)
        case ast.BoolOp(op=ast.And()):
            raise source.error(node, "a rule is one comparison.", "Write two rules, one a line: all of them must hold.")
        case ast.BoolOp():
            raise source.error(node, "a rule is one comparison.", "All rules must hold; there is no 'or'.")
        case ast.Tuple():
            raise source.error(node, "a rule has no commas.", "Write 0.8 with a point, and one rule a line.")
        case ast.UnaryOp(op=ast.Not()):
            raise source.error(node, "'not' is not part of the rule language.", "Turn the comparison round.")
    raise source.error(node, f"`{source.written(node)}` compares nothing.", EXAMPLE)


def _passed(source: Source, node: ast.Call) -> Passed:
    if source.guard:
        raise source.error(node, "passed(...) cannot be forbidden.", "Write passed(data) without forbid.")
    match only_argument(source, node):
        case ast.Name(id="data" | "model" as topic):
            return Passed(topic)
        case other:
            message = f"passed({source.written(other)}) is stated by nobody."
            raise source.error(other, message, "Write passed(data) or passed(model).")


def _comparisons(source: Source, node: ast.Compare) -> tuple[Comparison, ...]:
    if source.guard and len(node.ops) > 1:
        raise source.error(node, "a chain cannot be forbidden.", "Write one forbid rule for each harm.")
    sides = [node.left, *node.comparators]
    links = zip(sides, node.ops, sides[1:], strict=False)
    found = (comparison for left, op, right in links for comparison in _link(source, left, op, right))
    return tuple(each for comparison in found for each in _each_odds(comparison))


def _each_odds(comparison: Comparison) -> tuple[Comparison, ...]:
    """Of equalized odds, the comparison of each of the two rates."""
    asked = comparison.quantity
    if not isinstance(asked, Gap | Ratio) or asked.of.metric != EQUALIZED_ODDS:
        return (comparison,)
    rates = ("recall", "false_positive_rate")
    return tuple(replace(comparison, quantity=replace(asked, of=replace(asked.of, metric=rate))) for rate in rates)


def _link(source: Source, left: ast.expr, op: ast.cmpop, right: ast.expr) -> tuple[Comparison, ...]:
    if isinstance(op, ast.Eq | ast.NotEq):
        raise source.error(left, "no sample can show equality.", "Say how near is enough: abs(recall - 0.5) <= 0.01.")
    operator = _OPERATORS.get(type(op))
    if operator is None:
        raise source.error(left, "rules compare with >, >=, < and <=.", EXAMPLE)
    if _is_abs(left):
        return _absolute(source, left, operator, linear(source, right))
    if _is_abs(right):
        return _absolute(source, right, FLIPPED[operator], linear(source, left))
    return (_solved(source, left, subtract(source, left, linear(source, left), linear(source, right)), operator),)


def _is_abs(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "abs"


def _absolute(source: Source, node: ast.expr, operator: Operator, limit: Linear) -> tuple[Comparison, ...]:
    """`abs(x) <= c` as `x <= c` and `x >= -c`, each to be shown (two one-sided tests); both are harms of a guard."""
    assert isinstance(node, ast.Call)
    wanted = "forbid abs(...) > 0.05" if source.guard else "abs(...) <= 0.05"
    if not limit.plain or limit.constant < 0:
        raise source.error(node, "abs(...) is compared with a number that is not negative.", f"Write {wanted}.")
    if (operator in (">", ">=")) != source.guard:
        raise source.error(node, "this asks for a large difference.", f"Write {wanted}.")
    inner = linear(source, only_argument(source, node))
    upper = _solved(source, node, subtract(source, node, inner, limit), operator)
    if isinstance(upper.quantity, Gap):
        return (upper,)
    return (upper, _solved(source, node, add(source, node, inner, limit), FLIPPED[operator]))


def _solved(source: Source, node: ast.expr, side: Linear, operator: Operator) -> Comparison:
    """`side operator 0`, solved for its quantity."""
    quantity = side.quantity
    if quantity is None or not side.factor:
        raise source.error(node, "the rule names no metric.", EXAMPLE)
    factor, limit = -side.reference / side.factor + 0.0, -side.constant / side.factor + 0.0
    against = side.against or "champion"
    if not (isfinite(factor) and isfinite(limit)):
        raise source.error(node, "the number is too large.", EXAMPLE)
    if factor < 0:
        advice = f"Write {quantity} >= {against} - 0.01."
        raise source.error(node, f"the {against} is added, not compared with.", advice)
    operator = operator if side.factor > 0 else FLIPPED[operator]
    if refusal := _unfit(quantity, side, factor, limit, above=(operator in (">", ">=")) != source.guard):
        raise source.error(node, *refusal)
    return Comparison(quantity, factor, operator, limit, against)


def _unfit(quantity: Quantity, side: Linear, factor: float, limit: float, *, above: bool) -> tuple[str, str] | None:
    """Why a quantity cannot be compared so, and what to write. `above`: a large value is what is wanted."""
    if factor and isinstance(quantity, Worst):
        return f"{quantity} has no {side.against} to compare with.", f"Write {quantity.of} >= champion - 0.03."
    if factor and side.against != "champion" and not isinstance(quantity, Overall):
        return f"{quantity} is compared with the champion only.", f"Write {side.against} with a metric over all rows."
    if factor and not comparable(quantity):
        return f"{quantity} against the champion is not supported yet.", "Compare it with a number."
    if side.duration != (quantity == Measured("age")):
        return f"{quantity} is compared with a time, or a time with it.", "Write age(model) < days(30)."
    if isinstance(quantity, Gap) and (above or limit < 0):
        return f"{quantity} is to be small.", f"Write abs({quantity}) <= 0.05, or forbid abs({quantity}) > 0.05."
    if isinstance(quantity, Ratio) and (not above or not 0 < limit <= 1):
        return f"{quantity} is the least ratio, from 0 to 1, and to be large.", f"Write {quantity} >= 0.8."
    return None
