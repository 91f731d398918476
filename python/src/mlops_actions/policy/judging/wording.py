"""How estimates, claims and outcomes read in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from mlops_actions.policy.judging.members import Member
from mlops_actions.policy.language.rule import Comparison, Gap, Measured, Operator, Ratio
from mlops_actions.statistics.latency import FEWEST_REPEATS

_ASKED: dict[Operator, str] = {">": "above", ">=": "at least", "<": "below", "<=": "at most"}
FEW = 3
"""Slices that a sentence names before it says how many more there are."""


def number(value: float) -> str:
    """Four digits, no exponent where people would not write one.

    >>> number(0.85004), number(-0.0000123), number(2479.0), number(12345.6), number(1e-12), number(1e20)
    ('0.85', '-0.0000123', '2,479', '12,350', '1e-12', '1e+20')
    """
    if value == round(value) and abs(value) < 1e15:
        return f"{value:,.0f}"
    text = f"{value:.4g}"
    if "e" not in text or not 1e-6 <= abs(value) < 1e15:
        return text
    return f"{float(text):,.0f}" if abs(value) > 1 else f"{float(text):.10f}".rstrip("0")


def asked(comparison: Comparison) -> str:
    """What a comparison claims, after "shown to be": `no more than 0.01 below the champion's`."""
    operator, limit = comparison.operator, comparison.limit
    if isinstance(comparison.quantity, Ratio):
        return f"{_ASKED[operator]} {number(limit)}"
    if not comparison.factor:
        days = " days" if comparison.quantity == Measured("age") else ""
        return f"{_ASKED[operator]} {number(limit)}{days}"
    theirs = _theirs(comparison)
    if not limit:
        return f"{_ASKED[operator]} {theirs}"
    side = "above" if limit > 0 else "below"
    toward = comparison.above == (limit > 0)
    strict = operator in (">", "<")
    size = ("more than" if strict else "at least") if toward else ("less than" if strict else "no more than")
    return f"{size} {number(abs(limit))} {side} {theirs}"


def seen(member: Member, subject: str, confidence: float) -> str:
    """What was observed: `recall is 0.02 below the champion's (-0.05 to 0.01 at 95 % confidence)`."""
    return f"{subject} {_value(member)}{_interval(member, confidence)}"


def family_of(member: Member) -> str:
    """What the members of a family are called: `slices by carrier`."""
    quantity = member.comparison.quantity
    column = getattr(getattr(quantity, "of", quantity), "column", "")
    return f"{'pairs of groups' if isinstance(quantity, Gap | Ratio) else 'slices'} by {column}"


def why_undecidable(member: Member) -> tuple[str, str]:
    """Why nothing can be said: a code, and the end of a sentence that begins with what it is about."""
    estimate = member.claim.estimate
    if member.few is not None:
        return "few-rows", "rests on {} rows, at least {} are needed".format(*member.few)
    if estimate.scale == "point":
        return "not-a-number", "is not a number"
    match estimate.undecidable:
        case "few-clusters" if isinstance(member.comparison.quantity, Measured):
            return "few-clusters", f"rests on {estimate.clusters} repeats, at least {FEWEST_REPEATS} are needed"
        case "few-clusters":
            effective = f"{estimate.df + 1:.1f}"
            return "few-clusters", f"rests on {estimate.clusters} clusters, worth {effective} equal ones; 6 are needed"
        case "zero-variance":
            return "zero-variance", "shows no variation from which its error could be told"
        case "no-data":
            return "no-data", "has no rows"
    return "undefined", "is not defined on this data"


def units(clusters: Sequence[str], count: int, more: str = "") -> str:
    """A number of rows, or of clusters by their column's name.

    >>> units(["day"], 61), units([], 2479, "more"), units(["user_id"], 3)
    ('61 days', '2,479 more rows', '3 values of user_id')
    """
    amount = f"{count:,} {more}".strip()
    if not clusters:
        return f"{amount} {'row' if count == 1 else 'rows'}"
    (name, *others) = clusters
    if not others and name in ("day", "week", "month", "hour", "user", "customer", "patient", "store", "group"):
        return f"{amount} {name}{'' if count == 1 else 's'}"
    return f"{amount} {'value' if count == 1 else 'values'} of {' and '.join(clusters)}"


def percent(confidence: float) -> str:
    """A confidence for people.

    >>> percent(0.95)
    '95 %'
    """
    return f"{confidence * 100:.6g} %"


def _value(member: Member) -> str:
    value, comparison = member.claim.estimate.value, member.comparison
    if isinstance(comparison.quantity, Gap):
        return f"differs by {number(value)}"
    if isinstance(comparison.quantity, Ratio):
        return f"gives {number(value)} as first - {number(comparison.limit)} × second"
    if comparison.factor == 1.0 and not value:
        return f"equals {_theirs(comparison)}"
    if comparison.factor:
        return f"is {number(abs(value))} {'above' if value >= 0 else 'below'} {_theirs(comparison)}"
    days = " days" if comparison.quantity == Measured("age") else ""
    return f"is {number(value)}{days}"


def _theirs(comparison: Comparison) -> str:
    """What is compared with: `the champion's`, `0.98 × the anchor's`, `what was recorded`."""
    theirs = "what was recorded" if comparison.against == "recorded" else f"the {comparison.against}'s"
    return theirs if comparison.factor == 1.0 else f"{number(comparison.factor)} × {theirs}"


def _interval(member: Member, confidence: float) -> str:
    estimate = member.claim.estimate
    if estimate.undecidable or estimate.scale == "point":
        return ""
    low, high = number(estimate.lower(confidence)), number(estimate.upper(confidence))
    return f" ({low} to {high} at {percent(confidence)} confidence)"
