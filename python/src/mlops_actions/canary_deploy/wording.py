"""What people read while a rollout runs, and before it starts."""

from __future__ import annotations

import math

from mlops_actions.canary_deploy.baseline import Baseline
from mlops_actions.canary_deploy.rollout import Rollout
from mlops_actions.evidence.rollout import Look
from mlops_actions.statistics.sequential import Plan


def look_line(rollout: Rollout) -> str:
    """One look: the weight seen, the requests of both sides since the look before, and both evidences in words."""
    last, threshold = rollout.looks[-1], 1 / rollout.evidence.alpha
    return (
        f"{last.weight:g} %: {_counts(last)}; worse: {strength(last.worse, threshold)}; "
        f"good enough: {strength(last.non_inferior, threshold)}"
    )


def strength(log10_evidence: float, threshold: float) -> str:
    """Evidence in words, and as a number where it says more; `threshold` is what decides.

    >>> [strength(x, 20) for x in (-1.0, 0.2, 0.9, 1.4)]
    ['no evidence', 'little evidence (1.6 of 20)', 'some evidence (7.9 of 20)', 'shown']
    """
    value = 10**log10_evidence
    if value >= threshold:
        return "shown"
    if value <= 1:
        return "no evidence"
    word = "some" if value >= math.sqrt(threshold) else "little"
    return f"{word} evidence ({value:.2g} of {threshold:.3g})"


def baseline_line(baseline: Baseline) -> str:
    """What the stable side does, and what is made of it."""
    counts, speed = baseline.counts, baseline.requests_per_second
    return (
        f"stable side: {counts.bad:,} of {counts.total:,} requests failed, {speed:.3g} a second; "
        f"dispersion {baseline.dispersion}"
    )


def plan_lines(plan: Plan) -> list[str]:
    """How long each step is expected to take, and what can be seen and what not."""
    steps = ", ".join(f"{step.weight:g} % {_seconds(step.seconds)}" for step in plan.steps)
    seen = "nothing" if plan.detectable is None else f"an error rate of {100 * plan.detectable:.2g} % and more"
    return [
        f"plan: a candidate as good as the stable side is expected to take {steps}; "
        f"by the deadline it is promoted with probability {plan.probability:.2g}",
        f"plan: error rates up to {100 * plan.let_through:.2g} % are let through; the first step can see {seen}",
    ]


def _counts(look: Look) -> str:
    if not look.counts:
        return "the counters were reset or not read, this look is thrown away"
    sides = (
        f"{side} {look.counts[f'{side}_errors']:,} of {look.counts[f'{side}_requests']:,} failed"
        for side in ("candidate", "stable")
    )
    return ", ".join(sides)


def _seconds(seconds: float) -> str:
    return f"{seconds:,.0f} s" if math.isfinite(seconds) else "for ever"
