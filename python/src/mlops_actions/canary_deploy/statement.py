"""A rollout, or the refusal of one, as the predicate of its statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from mlops_actions.canary_deploy import rollout as course
from mlops_actions.canary_deploy.opening import Refusal
from mlops_actions.canary_deploy.terms import Terms
from mlops_actions.evidence import Material, Reason, Statement
from mlops_actions.evidence.rollout import JudgedMetric, Rollout
from mlops_actions.statistics.sequential import Metric


def state_rollout(
    found: course.Rollout, materials: Sequence[Material], notes: Sequence[Reason] = ()
) -> Statement[Rollout]:
    """What became of a rollout; one that has not ended is held where it is, and inconclusive."""
    ending = found.ending or course.Ending("held", "inconclusive", (_in_progress(found),))
    errors = found.evidence.metrics[0]
    predicate = Rollout(
        result=ending.result,
        reasons=[*ending.reasons, *notes],
        materials=list(materials),
        id=found.id,
        target=found.settings.target,
        strategy=found.settings.strategy,
        outcome=ending.outcome,
        identity="verified" if found.candidate.verified else "unverified",
        steps=list(dict.fromkeys([*found.settings.steps, 100])),
        looks=list(found.looks),
        weights=list(found.weights),
        alpha=found.evidence.alpha,
        error_margin=errors.margin,
        dispersion=errors.dispersion.value,
        metrics=[_judged(metric) for metric in found.evidence.metrics],
        stable=found.candidate.stable_sha256,
    )
    return Statement(found.candidate.name, found.candidate.sha256, predicate)


def state_refusal(
    refusal: Refusal, terms: Terms, outcome: Literal["refused", "planned"], materials: Sequence[Material]
) -> Statement[Rollout]:
    """Why there was no rollout."""
    candidate = refusal.candidate
    predicate = Rollout(
        result=refusal.result,
        reasons=list(refusal.reasons),
        materials=list(materials),
        target=terms.settings.target,
        strategy=terms.settings.strategy,
        outcome=outcome,
        identity="verified" if candidate.verified else "unverified",
        steps=list(dict.fromkeys([*terms.settings.steps, 100])),
        looks=[],
        weights=[],
        alpha=terms.alpha,
        error_margin=terms.wanted.error_margin,
        dispersion=refusal.dispersion,
        stable=candidate.stable_sha256,
    )
    return Statement(candidate.name, candidate.sha256, predicate)


def _judged(metric: Metric) -> JudgedMetric:
    return JudgedMetric(
        name=metric.name,
        margin=metric.margin,
        dispersion=metric.dispersion.value,
        promotes=metric.promotes,
        weight=metric.weight,
        stable=(metric.history.bad, metric.history.total),
    )


def _in_progress(found: course.Rollout) -> Reason:
    message = (
        f"The rollout has not ended: step {found.step + 1} of {len(found.settings.steps)} at {found.weight:g} %, "
        f"after {len(found.looks)} looks."
    )
    return Reason(code="in-progress", message=message)
