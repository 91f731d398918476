"""The rollout's page: the evidence at every look, and how it ended."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mlops_actions.evidence.rollout import Look, Rollout
from mlops_actions.evidence.statement import Statement
from mlops_actions.reports.page import Lines, Page, Series, Table, number

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
    table = Table("Looks", _HEADINGS, tuple(map(_look, looks)), folded=len(looks) > 20)
    charts = (_chart(looks, rollout.alpha),) if looks else ()
    return Page("Canary", rollout.result, headline, (*charts, table))


def _chart(looks: Sequence[Look], alpha: float) -> Lines:
    x = tuple((look.time - looks[0].time).total_seconds() for look in looks)
    lines = {"worse": tuple(look.worse for look in looks), "not worse": tuple(look.non_inferior for look in looks)}
    threshold = -math.log10(alpha)
    ends = "; ".join(f"{name} ends at {number(line[-1])}" for name, line in lines.items())
    decides = f"decides at alpha = {alpha:g}"
    return Lines(
        "Evidence at each look",
        f"{ends}; {decides} {number(threshold)}",
        "seconds",
        "evidence (log10)",
        tuple(Series(name, x, line) for name, line in lines.items()),
        None,
        guide=(decides, ((x[0], threshold), (x[-1], threshold))),
    )


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
