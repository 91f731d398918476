"""Rules that no model can satisfy, found before any model is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf

from mlops_actions.errors import InputError
from mlops_actions.policy.language.rule import (
    OPPOSITE,
    Against,
    Comparison,
    Gap,
    Guard,
    InSlice,
    Measured,
    Overall,
    PerSlice,
    Quantity,
    Ratio,
    Rule,
)
from mlops_actions.statistics.metrics import known_metric


def check_consistency(rules: Sequence[Rule]) -> None:
    """Raise InputError for two rules that contradict each other, naming both, and for a limit out of range."""
    asked: dict[tuple[Quantity, float, Against], list[tuple[Rule, Comparison]]] = {}
    for rule in rules:
        for comparison in rule.comparisons:
            _check_range(rule, comparison)
            wanted = _wanted(rule, comparison)
            others = asked.setdefault((wanted.quantity, wanted.factor, wanted.against), [])
            for other, earlier in others:
                if _exclude(earlier, wanted):
                    raise _contradiction(other, rule)
            others.append((rule, wanted))


def _wanted(rule: Rule, comparison: Comparison) -> Comparison:
    """What the rule asks for: of a guard, that the harm does not hold."""
    if not isinstance(rule.demand, Guard):
        return comparison
    return replace(comparison, operator=OPPOSITE[comparison.operator])


def _exclude(one: Comparison, other: Comparison) -> bool:
    if one.above == other.above:
        return False
    low, high = (one, other) if one.above else (other, one)
    strict = low.operator == ">" or high.operator == "<"
    return low.limit > high.limit or (low.limit == high.limit and strict)


def _contradiction(first: Rule, second: Rule) -> InputError:
    if first is second:
        return InputError(f"no model can satisfy `{second.text}`.", where=second.where, hint="Turn the limits round.")
    return InputError(
        f"`{second.text}` contradicts `{first.text}` in {first.where}: no model can satisfy both.",
        where=second.where,
        hint="Change or remove one of them.",
    )


def _check_range(rule: Rule, comparison: Comparison) -> None:
    low, high = _range(comparison)
    if low <= comparison.limit <= high:
        return
    difference = f"the difference of {comparison.quantity} to the {comparison.against}"
    what = difference if comparison.factor else comparison.quantity
    share = comparison.limit / 100
    percent = f" If {comparison.limit:g} % is meant, write {share:g}." if low <= share <= high < inf else ""
    raise InputError(
        f"`{rule.text}`: {what} lies between {low:g} and {high:g}, the limit is {comparison.limit:g}.",
        where=rule.where,
        hint=f"Write a limit in that range.{percent}",
    )


def _range(comparison: Comparison) -> tuple[float, float]:
    quantity = comparison.quantity
    if isinstance(quantity, Measured):
        return (-inf if comparison.factor else 0.0), inf
    if isinstance(quantity, Ratio):
        return 0.0, 1.0
    family = quantity if isinstance(quantity, Overall | InSlice | PerSlice) else quantity.of
    metric = known_metric(family.metric)
    low, high = metric.bounds if metric else (-inf, inf)
    if comparison.factor or isinstance(quantity, Gap):
        return low - high, high - low
    return low, high
