"""A rollout, or the refusal of one, as the predicate of its statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from mlops_actions.canary_deploy import rollout as course
from mlops_actions.canary_deploy.opening import Refusal
from mlops_actions.canary_deploy.terms import Terms
from mlops_actions.canary_deploy.wording import unattended_line
from mlops_actions.evidence import Material, Reason, Statement
from mlops_actions.evidence.rollout import JudgedMetric, Rollout
from mlops_actions.statistics.sequential import Metric


def state_rollout(
    found: course.Rollout, materials: Sequence[Material], notes: Sequence[Reason] = ()
) -> Statement[Rollout]:
    """What became of a rollout; one that has not ended is inconclusive."""
    ending = found.ending
    errors = found.evidence.metrics[0]
    predicate = Rollout(
        result=ending.result if ending else "inconclusive",
        reasons=[*(ending.reasons if ending else _in_progress(found)), *notes],
        materials=list(materials),
        id=found.id,
        target=found.settings.target,
        strategy=found.settings.strategy,
        outcome=ending.outcome if ending else "in-progress",
        identity="verified" if found.candidate.verified else "unverified",
        steps=_steps(found.settings),
        looks=list(found.looks),
        weights=list(found.weights),
        comparisons=list(found.asked.compare()) if found.asked else [],
        alpha=found.evidence.alpha,
        error_margin=errors.margin,
        dispersion=errors.dispersion.value,
        metrics=[_judged(metric) for metric in found.evidence.metrics],
        stable=found.candidate.stable_sha256,
    )
    return Statement(found.candidate.name, found.candidate.sha256, predicate)


def state_refusal(
    refusal: Refusal, terms: Terms, outcome: Literal["refused", "planned", "promoted"], materials: Sequence[Material]
) -> Statement[Rollout]:
    """What came of a rollout that made no look."""
    candidate = refusal.candidate
    predicate = Rollout(
        result=refusal.result,
        reasons=list(refusal.reasons),
        materials=list(materials),
        target=terms.settings.target,
        strategy=terms.settings.strategy,
        outcome=outcome,
        identity="verified" if candidate.verified else "unverified",
        steps=_steps(terms.settings),
        looks=[],
        weights=[],
        alpha=terms.alpha,
        error_margin=terms.wanted.error_margin,
        dispersion=refusal.dispersion,
        stable=candidate.stable_sha256,
    )
    return Statement(candidate.name, candidate.sha256, predicate)


def _steps(settings: course.Settings) -> list[float]:
    """What was to be judged, and the promotion where there was to be one."""
    return list(dict.fromkeys([*settings.steps, *([100.0] if settings.advances else [])]))


def state_first(candidate: course.Candidate, terms: Terms, materials: Sequence[Material]) -> Statement[Rollout]:
    """The first deployment, which was compared with nothing."""
    checked = "healthy and passed its smoke checks"
    message = f"There was no stable side to compare with: the candidate was {checked}, and gets all traffic."
    reasons = (Reason(code="first-deployment", message=message),)
    stated = state_refusal(Refusal("pass", reasons, candidate), terms, "promoted", materials)
    return replace(stated, predicate=stated.predicate.model_copy(update={"weights": [100.0], "steps": [100.0]}))


def _judged(metric: Metric) -> JudgedMetric:
    return JudgedMetric(
        name=metric.name,
        margin=metric.margin,
        dispersion=metric.dispersion.value,
        promotes=metric.promotes,
        weight=metric.weight,
        stable=(metric.history.bad, metric.history.total),
    )


def _in_progress(found: course.Rollout) -> list[Reason]:
    step = found.settings.steps[found.step]
    message = (
        f"The rollout has not ended: step {found.step + 1} of {len(found.settings.steps)}, which is judged at "
        f"{step:g} %, after {len(found.looks)} looks."
    )
    reasons = [Reason(code="in-progress", message=message)]
    if found.pause:
        told = unattended_line(found)
        reasons.append(Reason(code="unattended", message=f"{told[0].upper()}{told[1:]}."))
    return reasons
