"""What people read while a rollout runs, and before it starts."""

from __future__ import annotations

import math
from itertools import pairwise

from mlops_actions.canary_deploy.baseline import Baseline
from mlops_actions.canary_deploy.rollout import Rollout
from mlops_actions.evidence.rollout import Look
from mlops_actions.statistics.sequential import Plan
from mlops_actions.statistics.sequential.plan import chance

_BAR = 8
"""Characters."""
_LONGEST_JOB = 5 * 3600.0
"""Seconds: a hosted runner stops a job after six hours."""
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def look_line(rollout: Rollout, step: int) -> str:
    """The last look, made in a step (from 0): weight seen, requests since the look before, and evidence."""
    last, threshold = rollout.looks[-1], 1 / rollout.evidence.alpha
    evidence = (
        f"{name} {bar(value, threshold)}" for name, value in (("worse", last.worse), ("good", last.non_inferior))
    )
    steps = rollout.settings.steps
    return f"step {step + 1} of {len(steps)} at {last.weight:g} %: {_counts(last)}; {'; '.join(evidence)}"


def bar(log10_evidence: float, threshold: float) -> str:
    """Evidence as a bar that is full where it decides, which is at `threshold`, and as a number.

    >>> [bar(x, 20) for x in (-1.0, 0.65, 1.4)]
    ['░░░░░░░░ 0.1 of 20', '███░░░░░ 4.5 of 20', '████████ shown']
    """
    if log10_evidence >= math.log10(threshold):
        return f"{_BAR * '█'} shown"
    filled = max(0, int(_BAR * log10_evidence / math.log10(threshold)))
    return f"{filled * '█'}{(_BAR - filled) * '░'} {10**log10_evidence:.2g} of {threshold:.3g}"


def unattended_line(rollout: Rollout) -> str:
    """How long the candidate is left alone, and the most that a bad one could do meanwhile."""
    assert rollout.pause is not None
    says = f"until the next run nobody looks, and the candidate holds {rollout.weight:g} %"
    traffic = rollout.pause.requests_per_second
    if traffic is None:
        return f"{says}; this run counted no request, so how many users that is cannot be said"
    touched = traffic * rollout.weight / 100
    told = f"{says}: a bad model could touch {_number(3600 * touched)} requests an hour"
    times = [look.time.timestamp() for look in rollout.looks]
    longest = max((after - before for before, after in pairwise(times)), default=0.0)
    if longest <= 3 * rollout.settings.interval:
        return told
    return f"{told}, {_number(longest * touched)} in a pause as long as the longest so far ({duration(longest)})"


def baseline_line(baseline: Baseline) -> str:
    """What the stable side does, and what is made of it."""
    counts, speed = baseline.counts, baseline.requests_per_second
    return (
        f"stable side: {counts.bad:,} of {counts.total:,} requests failed, {speed:.3g} a second; "
        f"dispersion {baseline.dispersion}"
    )


def plan_lines(plan: Plan) -> list[str]:
    """How long each step is expected to take, and what can be seen and what not."""
    steps = ", ".join(f"{step.weight:g} % {duration(step.seconds)}" for step in plan.steps)
    let_through = f"{100 * plan.let_through:.3g} %"
    if plan.detectable is None:
        seen = "by the deadline the first step sees nothing, not even a candidate that always fails"
    else:
        seen = (
            f"from {100 * plan.detectable:.3g} % on a candidate is rolled back in the first step by the deadline, four "
            f"times of five; between them it may be rolled back, promoted or neither"
        )
    return [
        f"plan: a candidate as good as the stable side is expected to take {steps}; "
        f"by the deadline it is promoted with probability {chance(plan.probability)}",
        f"plan: error rates up to {let_through} are let through by the margin; {seen}",
        f"plan: ten times the rate let through is seen after about {_number(plan.detection_requests)} requests of the "
        "candidate",
    ]


def what_would_decide(plan: Plan) -> str | None:
    """What to write where the deadline cannot decide; None where no deadline could."""
    needed = sum(step.likely_seconds for step in plan.steps)
    if not math.isfinite(needed):
        return None
    if needed <= _LONGEST_JOB:
        return f"Write `deadline: {_deadline(needed)}` for the same steps at this traffic."
    return (
        f"At this traffic these steps need about {duration(needed)}, longer than a job may run: use "
        f"`mode: advance` in a workflow with a schedule, with `deadline: {_deadline(2 * needed)}`."
    )


def _counts(look: Look) -> str:
    if not look.counts:
        return "the counters were reset or not read, this look is thrown away"
    sides = (
        f"{side} {look.counts[f'{side}_errors']:,} of {look.counts[f'{side}_requests']:,} failed"
        for side in ("candidate", "stable")
    )
    return ", ".join(sides)


def duration(seconds: float) -> str:
    """Rounded, in the largest unit of which there are two.

    >>> [duration(x) for x in (0.4, 90, 900, 90_000, 900_000, math.inf)]
    ['0.4 s', '90 s', '15 min', '25 h', '10 d', 'for ever']
    """
    if not math.isfinite(seconds):
        return "for ever"
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds >= 2 * size), (1, "s"))
    value = seconds / size
    return f"{value:,.0f} {unit}" if value >= 10 else f"{value:.2g} {unit}"


def _deadline(seconds: float) -> str:
    """As the input is written, rounded up.

    >>> [_deadline(x) for x in (61, 5 * 3600, 3 * 86_400 + 1)]
    ['2m', '5h', '4d']
    """
    size, unit = next(((size, unit[0]) for size, unit in _UNITS if seconds >= size), (60, "m"))
    return f"{math.ceil(seconds / size)}{unit}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
