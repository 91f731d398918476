"""The rollout's page: the evidence at every look, and how it ended."""

from __future__ import annotations

import math

from mlops_actions.evidence.rollout import Look, Rollout
from mlops_actions.evidence.statement import Statement
from mlops_actions.reports.page import Page, Table, Timeline, number

_HEADINGS = ("time", "weight %", "candidate errors", "stable errors", "evidence worse", "evidence not worse")


def page(statement: Statement[Rollout]) -> Page:
    """Evidence is shown as powers of ten: at the threshold the error rate is alpha."""
    rollout = statement.predicate
    identity = "its digest was verified" if rollout.identity == "verified" else "its digest could not be verified"
    reached = f"{rollout.weights[-1]:g} %" if rollout.weights else "no"
    headline = (
        f"{statement.name} was {rollout.outcome} on {rollout.target} after {len(rollout.looks)} looks; {identity}; "
        f"it holds {reached} of traffic. " + " ".join(reason.message for reason in rollout.reasons)
    )
    looks = rollout.looks
    start = looks[0].time if looks else None
    chart = Timeline(
        title="Evidence (log10) at each look",
        x=tuple((look.time - start).total_seconds() for look in looks if start),
        series=(
            ("worse", tuple(look.worse for look in looks)),
            ("not worse", tuple(look.non_inferior for look in looks)),
        ),
        threshold=-math.log10(rollout.alpha),
        threshold_label=f"decides at alpha = {rollout.alpha:g}",
        x_label="seconds",
    )
    table = Table("Looks", _HEADINGS, tuple(map(_look, looks)), folded=len(looks) > 20)
    return Page("Canary", rollout.result, headline, (chart, table))


def _look(look: Look) -> tuple[str, ...]:
    counts = look.counts
    return (
        look.time.strftime("%H:%M:%S"),
        number(look.weight),
        f"{counts.get('candidate_errors', 0):,} of {counts.get('candidate_requests', 0):,}",
        f"{counts.get('stable_errors', 0):,} of {counts.get('stable_requests', 0):,}",
        number(look.worse, 3),
        number(look.non_inferior, 3),
    )
