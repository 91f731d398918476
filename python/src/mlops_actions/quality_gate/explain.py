"""A rule's outcome in one sentence, and what would have passed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from math import isfinite

from mlops_actions.quality_gate.finding import Need
from mlops_actions.quality_gate.members import Member
from mlops_actions.quality_gate.rule import Gap, Measured, Ratio
from mlops_actions.quality_gate.wording import FEW, asked, family_of, number, seen, units, why_undecidable
from mlops_actions.statistics.families import Judgement, Outcome, visible_harm


def member(one: Member, confidence: float) -> str:
    """What was observed of one member, or why nothing was.

    Data stands in quotes and never at the beginning.
    """
    subject = f"{_metric(one)} for {one.slice}" if one.slice else str(one.comparison.quantity)
    if one.claim.decidable:
        return seen(one, subject, confidence)
    return f"{subject} {why_undecidable(one)[1]}"


def shown(
    judgement: Judgement[int],
    family: Sequence[Member],
    deciding: Sequence[Member],
    confidence: float,
    need: Need | None,
    clusters: Sequence[str],
) -> tuple[str, str]:
    """Code and sentence for a plain rule."""
    first = deciding[0]
    point = first.claim.estimate.scale == "point"
    claim = asked(first.comparison)
    if judgement.outcome is Outcome.PASS:
        return "shown", _placed(family, deciding, confidence, f"{'is' if point else 'is shown to be'} {claim}")
    if judgement.outcome is Outcome.FAIL:
        verb = "is not" if point else "is shown not to be"
        return "limit-broken", _placed(family, deciding, confidence, f"{verb} {claim}")
    open_ones = [one for one in deciding if one.claim.decidable]
    if not open_ones:
        return why_undecidable(first)[0], _placed(family, deciding, confidence, f"cannot be judged to be {claim}")
    text = _placed(family, deciding, confidence, f"is not shown to be {claim}, nor the opposite")
    return "not-shown", f"{text} {_outlook(need, open_ones, len(deciding), clusters)}"


def guard(
    judgement: Judgement[int],
    family: Sequence[Member],
    deciding: Sequence[Member],
    confidence: float,
    fail_alpha: float,
) -> tuple[str, str]:
    """Code and sentence for a `forbid` rule."""
    first = deciding[0]
    point = first.claim.estimate.scale == "point"
    harm = asked(first.comparison)
    if judgement.outcome is Outcome.FAIL:
        verb = "is" if point else "is shown to be"
        return "harm-shown", _placed(family, deciding, confidence, f"{verb} {harm}, which is forbidden")
    if judgement.outcome is Outcome.INCONCLUSIVE:
        return why_undecidable(first)[0], _placed(family, deciding, confidence, f"cannot be judged to be {harm}")
    text = _placed(family, deciding, confidence, f"{'is not' if point else 'is not shown to be'} {harm}")
    reach = [visible_harm(one.claim, 1.0 - fail_alpha, len(family)) for one in deciding]
    return "no-harm-shown", f"{text}{_visible([found for found in reach if found is not None], first)}"


def margin(family: Sequence[Member], confidence: float) -> str | None:
    """The rule with the margin that this evidence shows, or None where there is no such single number."""
    comparison = family[0].comparison
    quantity = comparison.quantity
    if isinstance(quantity, Ratio | Measured) or len({one.comparison for one in family}) > 1:
        return None
    if comparison.champion not in (0.0, 1.0) or family[0].claim.estimate.scale == "point":
        return None
    bounds = [
        one.claim.estimate.lower(confidence) if comparison.above else one.claim.estimate.upper(confidence)
        for one in family
    ]
    bound = (min if comparison.above else max)(bounds)
    if not isfinite(bound):
        return None
    limit = _rounded(bound, down=comparison.above)
    subject = f"abs({quantity})" if isinstance(quantity, Gap) else str(quantity)
    sign = "-" if limit < 0 else "+"
    right = f"champion {sign} {number(abs(limit))}" if comparison.champion else number(limit)
    return f"{subject} {'>=' if comparison.above else '<='} {right}"


def _placed(family: Sequence[Member], deciding: Sequence[Member], confidence: float, verdict: str) -> str:
    """The verdict on the one member, or on how many of the family's, with the first of them."""
    first = deciding[0]
    if len({one.slice for one in family}) == 1:
        reading = member(first, confidence)
        return f"{reading}: it {verdict}."
    slices = list(dict.fromkeys(one.slice for one in deciding))
    total = len({one.slice for one in family})
    number_of = f"all {total}" if len(slices) == total else f"{len(slices)} of {total}"
    readings = [member(one, confidence) for one in _one_a_slice(deciding)[:FEW]]
    more = f"; and {len(slices) - FEW} more" if len(slices) > FEW else ""
    unjudged = len({one.slice for one in family if not one.claim.decidable} - set(slices))
    aside = f" {unjudged} could not be judged." if unjudged else ""
    return f"{_subject(first)} {verdict} in {number_of} {family_of(first)}: {'; '.join(readings)}{more}.{aside}"


def _one_a_slice(deciding: Sequence[Member]) -> list[Member]:
    return list({one.slice: one for one in reversed(deciding)}.values())[::-1]


def _subject(one: Member) -> str:
    quantity = one.comparison.quantity
    if isinstance(quantity, Ratio):
        return f"the ratio of {quantity.of.metric}"
    return f"the gap of {quantity.of.metric}" if isinstance(quantity, Gap) else _metric(one)


def _metric(one: Member) -> str:
    quantity = one.comparison.quantity
    return str(getattr(getattr(quantity, "of", quantity), "metric", quantity))


def _outlook(need: Need | None, open_ones: Sequence[Member], deciding: int, clusters: Sequence[str]) -> str:
    if need is not None:
        truth = "the candidate is as good as the champion" if need.equal else "what is seen is the truth"
        return f"About {units(clusters if need.clustered else (), need.more, 'more')} would show it, if {truth}."
    if len(open_ones) < deciding:
        return "More rows alone would not settle it."
    if all(one.truth is not None for one in open_ones):
        return "These rows would probably have shown a candidate as good as the champion: more would rather refuse it."
    return "More rows would rather confirm the failure."


def _visible(reach: Sequence[float], first: Member) -> str:
    if not reach:
        return ""
    least, most = sorted((min(reach, key=abs), max(reach, key=abs)), key=abs)
    span = number(least) if number(least) == number(most) else f"{number(least)} (best slice) to {number(most)} (worst)"
    what = "difference to the champion" if first.comparison.champion else "value"
    return f" Harm would have been seen at a {what} of {span}."


def _rounded(bound: float, *, down: bool) -> float:
    return float(Decimal(bound).quantize(Decimal("0.0001"), ROUND_FLOOR if down else ROUND_CEILING))
