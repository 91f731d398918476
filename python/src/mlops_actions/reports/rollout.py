"""The rollout's page: the evidence at every look, and how it ended."""

from __future__ import annotations

from mlops_actions.evidence.rollout import Look, Rollout
from mlops_actions.evidence.statement import Statement
from mlops_actions.reports.canary_comparisons import comparisons_of
from mlops_actions.reports.canary_evidence import evidence_of
from mlops_actions.reports.canary_timeline import timeline_of
from mlops_actions.reports.page import Page, Table, number

_HEADINGS = ("time", "weight %", "candidate errors", "stable errors", "worse, as 10 to the", "not worse, as 10 to the")


def page(statement: Statement[Rollout]) -> Page:
    """Evidence is shown as powers of ten: at the threshold the error rate is alpha."""
    rollout = statement.predicate
    identity = "its digest was verified" if rollout.identity == "verified" else "its digest could not be verified"
    reached = f"it holds {rollout.weights[-1]:g} % of traffic" if rollout.weights else "no traffic was moved"
    outcome = rollout.outcome.replace("-", " ")
    headline = (
        f"{statement.name} was {outcome} on {rollout.target} after {len(rollout.looks)} looks; {identity}; {reached}. "
        + " ".join(reason.message for reason in rollout.reasons)
    )
    looks = rollout.looks
    table = Table("Looks", _HEADINGS, tuple(map(_look, looks)), folded=len(looks) > 20)
    charts = (*comparisons_of(rollout), *timeline_of(rollout), *evidence_of(rollout))
    return Page("Canary", rollout.result, headline, (*charts, table))


def _look(look: Look) -> tuple[str, ...]:
    return (
        look.time.strftime("%H:%M:%S"),
        number(look.weight),
        _failed(look, "candidate"),
        _failed(look, "stable"),
        number(look.worse, 3),
        number(look.non_inferior, 3),
    )


def _failed(look: Look, side: str) -> str:
    if not look.counts:
        return "thrown away"
    return f"{look.counts[f'{side}_errors']:,} of {look.counts[f'{side}_requests']:,}"
