"""A rule's outcome in one sentence, and what would have passed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from math import isfinite

from mlops_actions.evidence import Result
from mlops_actions.policy.judging.finding import Need
from mlops_actions.policy.judging.members import Member
from mlops_actions.policy.judging.wording import FEW, asked, family_of, number, seen, units, why_undecidable
from mlops_actions.policy.language.rule import Gap, Measured, Ratio, Topic
from mlops_actions.statistics.families import Judgement, Outcome, visible_harm

UNSTATED: dict[Topic, tuple[str, str]] = {
    "data": (
        "data-report-missing",
        "no data-report about the evaluation's data is in the evidence folder; run validate-data on it.",
    ),
    "model": (
        "statement-missing",
        "nothing else is stated of the model in the evidence folder; run `mlops-actions record` where it is trained.",
    ),
}
"""Code and sentence where nobody has stated anything."""
STATED: dict[tuple[Topic, Result], tuple[str, str]] = {
    ("data", "pass"): ("data-passed", "the data passed its checks."),
    ("data", "fail"): ("data-failed", "the data failed its checks"),
    ("data", "inconclusive"): ("data-not-decided", "the checks on the data came to no decision"),
    ("model", "pass"): ("model-passed", "all that is stated of the model passed."),
    ("model", "fail"): ("model-failed", "the model failed before"),
    ("model", "inconclusive"): ("model-not-decided", "what is stated of the model came to no decision"),
}
"""Code and sentence for what was stated; the first reason follows."""


def member(one: Member, confidence: float) -> str:
    """What was observed of one member, or why nothing was.

    Data stands in quotes and never at the beginning.
    """
    subject = f"{_metric(one)} for {one.slice}" if one.slice else str(one.comparison.quantity)
    if one.claim.decidable:
        return seen(one, subject, confidence)
    return f"{subject} {why_undecidable(one)[1]}"


def shown(
    judgement: Judgement[int], family: Sequence[Member], deciding: Sequence[Member], confidence: float
) -> tuple[str, str]:
    """Code and sentence for a plain rule."""
    first = deciding[0]
    claim = asked(first.comparison)
    how = "is" if first.claim.estimate.scale == "point" else "is shown to be"
    if judgement.outcome is Outcome.PASS:
        return "shown", _told(family, deciding, confidence, f"it {how} {claim}", f"{how} {claim}")
    if judgement.outcome is Outcome.FAIL:
        one, several = f"it must be {claim}", f"must be {claim}, and {how.replace('is', 'is not', 1)}"
        if how != "is":
            several = f"must be {claim}, and is shown not to be,"
        return "limit-broken", _told(family, deciding, confidence, one, several)
    code = "not-shown" if any(one.claim.decidable for one in deciding) else why_undecidable(first)[0]
    one, several = f"that does not show it to be {claim}", f"must be {claim}, and that is not shown"
    return code, _told(family, deciding, confidence, one, several)


def guard(
    judgement: Judgement[int],
    family: Sequence[Member],
    deciding: Sequence[Member],
    confidence: float,
    fail_alpha: float,
) -> tuple[str, str]:
    """Code and sentence for a `forbid` rule."""
    first = deciding[0]
    harm = asked(first.comparison)
    how = "is" if first.claim.estimate.scale == "point" else "is shown to be"
    if judgement.outcome is Outcome.FAIL:
        several = f"must not be {harm}, and {how}" + (" so" if how == "is" else ",")
        return "harm-shown", _told(family, deciding, confidence, f"it must not be {harm}", several)
    if judgement.outcome is Outcome.INCONCLUSIVE:
        text = f"whether it is {harm} cannot be judged"
        return why_undecidable(first)[0], _told(family, deciding, confidence, text, f"cannot be judged to be {harm}")
    not_so = f"{how.replace('is', 'is not', 1)} {harm}"
    text = _told(family, deciding, confidence, f"it {not_so}", not_so)
    reach = [visible_harm(one.claim, 1.0 - fail_alpha, len(family)) for one in deciding]
    return "no-harm-shown", f"{text}{_visible([found for found in reach if found is not None], first)}"


def outlook(need: Need | None, deciding: Sequence[Member], clusters: Sequence[str]) -> str:
    """What more data would do for a rule that is not shown."""
    if deciding and isinstance(deciding[0].comparison.quantity, Measured):
        return "More `latency-repeats` in evaluate-model may show it."
    open_ones = [one for one in deciding if one.claim.decidable]
    if need is not None:
        truth = "the candidate is as good as the champion" if need.equal else "what is seen is the truth"
        return f"About {units(clusters if need.clustered else (), need.more, 'more')} would show it, if {truth}."
    if len(open_ones) < len(deciding):
        return "More rows alone may not settle it."
    if not all(one.claim.estimate.counted for one in open_ones):
        return "How many rows would show it cannot be told: how many there were is not."
    if all(one.truth is not None for one in open_ones):
        return "A candidate as good as the champion would probably have shown it: more rows would rather refuse it."
    return "More rows would rather confirm the failure."


def margin(family: Sequence[Member], confidence: float) -> str | None:
    """The rule with the margin that this evidence shows, or None where there is no such single number."""
    comparison = family[0].comparison
    quantity = comparison.quantity
    if isinstance(quantity, Ratio | Measured) or len({one.comparison for one in family}) > 1:
        return None
    if comparison.factor not in (0.0, 1.0) or family[0].claim.estimate.scale == "point":
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
    right = f"{comparison.against} {sign} {number(abs(limit))}" if comparison.factor else number(limit)
    return f"{subject} {'>=' if comparison.above else '<='} {right}"


def _told(family: Sequence[Member], deciding: Sequence[Member], confidence: float, one: str, several: str) -> str:
    """What was seen and what follows: for `one` member, or for how many of `several`, with the first of them."""
    first = deciding[0]
    every = {each.slice for each in family}
    if len(every) == 1:
        return f"{member(first, confidence)}; {one}."
    slices = {each.slice for each in deciding}
    count = f"all {len(every)}" if len(slices) == len(every) else f"{len(slices)} of {len(every)}"
    readings = "; ".join(member(each, confidence) for each in _one_a_slice(deciding)[:FEW])
    more = f"; and {len(slices) - FEW} more" if len(slices) > FEW else ""
    unjudged = len({each.slice for each in family if not each.claim.decidable} - slices)
    aside = f" {unjudged} could not be judged." if unjudged else ""
    return f"{_subject(family)} {several} in {count} {family_of(first)}: {readings}{more}.{aside}"


def _one_a_slice(deciding: Sequence[Member]) -> list[Member]:
    return list({one.slice: one for one in reversed(deciding)}.values())[::-1]


def _subject(family: Sequence[Member]) -> str:
    metrics = " and ".join(dict.fromkeys(_metric(one) for one in family))
    quantity = family[0].comparison.quantity
    if isinstance(quantity, Ratio):
        return f"the ratio of {metrics}"
    return f"the gap of {metrics}" if isinstance(quantity, Gap) else metrics


def _metric(one: Member) -> str:
    quantity = one.comparison.quantity
    return str(getattr(getattr(quantity, "of", quantity), "metric", quantity))


def _visible(reach: Sequence[float], first: Member) -> str:
    if not reach:
        return ""
    least, most = sorted((min(reach, key=abs), max(reach, key=abs)), key=abs)
    span = number(least) if number(least) == number(most) else f"{number(least)} (best slice) to {number(most)} (worst)"
    against = first.comparison.against
    what = f"difference to the {against}" if first.comparison.factor else "value"
    return f" Harm would have been seen at a {what} of {span}."


def _rounded(bound: float, *, down: bool) -> float:
    return float(Decimal(bound).quantize(Decimal("0.0001"), ROUND_FLOOR if down else ROUND_CEILING))
