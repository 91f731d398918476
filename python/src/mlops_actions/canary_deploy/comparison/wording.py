"""A comparison as people read it."""

from __future__ import annotations

from mlops_actions.evidence.rollout import Comparison

_ANSWERS = {"yes": "is shown", "no": "is refuted", "open": "is neither shown nor refuted"}


def sentence(found: Comparison) -> str:
    """What was asked, the answer, and the numbers."""
    if found.metric == "agreement":
        return f"Agreement of {found.units[0]:,} pairs: {interval(found)}."
    head = f"{found.claim} {_ANSWERS[found.answer]}" if found.claim else f"{found.metric} was compared"
    candidate, stable = (
        f"{side} {_number(value, found)} of {number:,}" if value is not None else f"{side} nothing"
        for side, value, number in (
            ("candidate", found.candidate, found.units[0]),
            ("stable", found.stable, found.units[1]),
        )
    )
    return f"{head}: {candidate}, {stable}; {interval(found)}."


def interval(found: Comparison) -> str:
    """The estimate and where the truth lies."""
    if found.value is None or found.lower is None or found.upper is None:
        return "too few for an interval"
    value, lower, upper = (_number(one, found) for one in (found.value, found.lower, found.upper))
    verb = "" if found.metric == "agreement" else "the difference of "
    return f"{verb}{value} lies between {lower} and {upper}, at {100 * found.confidence:g} % and at every look"


def _number(value: float, found: Comparison) -> str:
    return f"{value:.4g}" if found.method == "asymptotic" else f"{100 * value:.3g} %"
