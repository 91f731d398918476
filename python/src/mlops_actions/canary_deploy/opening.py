"""Everything before the first weight: are the servers there, is it the right model, can the deadline decide?"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from mlops_actions.canary_deploy.baseline import Baseline, History, watch_baseline
from mlops_actions.canary_deploy.comparison import Asked, Shadowed
from mlops_actions.canary_deploy.comparison.opening import ask, foresee
from mlops_actions.canary_deploy.fitness import wrong_model
from mlops_actions.canary_deploy.judged import choose_metrics
from mlops_actions.canary_deploy.past import set_aside, with_known_dispersion
from mlops_actions.canary_deploy.rollout import Candidate, Rollout, start
from mlops_actions.canary_deploy.scene import Scene
from mlops_actions.canary_deploy.servers import Probe, wait_until_healthy
from mlops_actions.canary_deploy.targets import DeployingTarget
from mlops_actions.canary_deploy.terms import Terms
from mlops_actions.canary_deploy.wording import baseline_line, plan_lines, what_would_decide
from mlops_actions.errors import OutsideError
from mlops_actions.evidence import Reason, Result
from mlops_actions.statistics.sequential import Metric, Plan, plan

logger = logging.getLogger(__name__)

_SMOKE_REQUESTS = 10


@dataclass(frozen=True)
class Refusal:
    """Why there is no rollout; the candidate got no traffic."""

    result: Result
    reasons: tuple[Reason, ...]
    candidate: Candidate
    dispersion: float = 1.0


def open_rollout(terms: Terms, scene: Scene) -> Rollout | Refusal:
    """A rollout that means to set its first weight, or why there is none.

    Raises OutsideError when the stable side is not healthy, or the proxy cannot be started or reached.
    """
    candidate = check_candidate(terms, scene)
    if isinstance(candidate, Refusal):
        return candidate
    candidate = replace(candidate, stable_sha256=_check_stable(terms, scene))
    terms = replace(terms, candidate=candidate)
    scene.target.prepare()
    baseline = _observe(terms, scene, is_over=lambda: scene.memory.asked() is not None)
    if request := scene.memory.asked():
        by = f" by {request.by}" if request.by else ""
        message = f"It was asked to {request.what}{by} before the first weight; the candidate gets no traffic."
        return Refusal("inconclusive", (Reason(code="aborted", message=message),), candidate, baseline.dispersion.value)
    asked = _asked(terms, baseline, scene)
    if refusal := _cannot_decide(terms, baseline, asked):
        return refusal
    baseline, past = (baseline, ()) if terms.settings.holds_back else set_aside(baseline)
    metrics = choose_metrics(terms.wanted, baseline)
    return start(secrets.token_hex(8), terms.settings, candidate, metrics, terms.alpha, time.time(), past, asked)


def plan_rollout(terms: Terms, scene: Scene) -> Refusal:
    """What a rollout would take, from the traffic seen now; never a pass, and nothing is changed."""
    baseline = _observe(terms, scene)
    asked = _asked(terms, baseline, scene)
    if refusal := _cannot_decide(terms, baseline, asked):
        return refusal
    lines = _ahead(asked, terms, baseline)
    reasons = tuple(Reason(code="planned", message=f"{line}.") for line in lines)
    return Refusal("inconclusive", reasons, terms.candidate, baseline.dispersion.value)


def check_candidate(terms: Terms, scene: Scene) -> Candidate | Refusal:
    """The candidate as it is before its first user: healthy, the right model, and warm where there is a smoke path."""
    if isinstance(scene.target, DeployingTarget) and (why := scene.target.deploy()):
        return Refusal("fail", (Reason(code="candidate-not-started", message=why),), terms.candidate)
    candidate = _identify(terms, scene)
    if isinstance(candidate, Candidate) and scene.smoke and (refusal := _smoke(scene.smoke, candidate)):
        return refusal
    return candidate


def _identify(terms: Terms, scene: Scene) -> Candidate | Refusal:
    address, limit = terms.settings.candidate, terms.health_time_limit
    logger.info("asking the candidate %s for its health and its model", address)
    found = wait_until_healthy(lambda: scene.target.probe("candidate"), limit)
    if not found.healthy:
        message = f"The candidate {address} was not healthy within {limit:g} s: {found.detail}."
        return Refusal("fail", (Reason(code="candidate-unhealthy", message=message),), terms.candidate)
    if reason := wrong_model(terms.candidate.sha256, found, required=False):
        return Refusal("fail", (reason,), terms.candidate)
    if found.sha256 is None:
        logger.info("the candidate does not report its model (header X-Model-SHA256): its identity is unverified")
    return replace(terms.candidate, verified=found.sha256 is not None)


def _smoke(ask: Callable[[], Probe], candidate: Candidate) -> Refusal | None:
    """Every answer counts: these requests also warm it up, so that its first user does not wait."""
    for number in range(_SMOKE_REQUESTS):
        found = ask()
        if not found.healthy:
            message = f"Smoke request {number + 1} of {_SMOKE_REQUESTS} to the candidate failed: {found.detail}."
            return Refusal("fail", (Reason(code="smoke-failed", message=message),), candidate)
        if reason := wrong_model(candidate.sha256, found, required=candidate.verified):
            return Refusal("fail", (reason,), candidate)
    logger.info("the candidate answered %d smoke requests", _SMOKE_REQUESTS)
    return None


def _check_stable(terms: Terms, scene: Scene) -> str | None:
    found = wait_until_healthy(lambda: scene.target.probe("stable"), terms.health_time_limit)
    if not found.healthy:
        raise OutsideError(
            f"the stable side {terms.settings.stable} is not healthy: {found.detail}.",
            hint="Nothing was changed. Check 'stable' and 'health-path'.",
        )
    return found.sha256


def _observe(terms: Terms, scene: Scene, is_over: Callable[[], bool] = lambda: False) -> Baseline:
    interval = terms.settings.interval
    logger.info("watching the stable side for %g s, a look every %g s", terms.baseline, interval)
    baseline = watch_baseline(scene.source, terms.baseline, interval, is_over)
    if not terms.settings.holds_back:
        known, past = set_aside(baseline)
        baseline = with_known_dispersion(baseline)
        logger.info(
            "the first %d looks are learnt from; the %d after them are compared with", len(known.looks), len(past)
        )
    logger.info("%s", baseline_line(baseline))
    return baseline


def _cannot_decide(terms: Terms, baseline: Baseline, asked: Asked | Shadowed | None) -> Refusal | None:
    if not baseline.counts.total:
        message = f"No request reached the stable side within {terms.baseline:g} s: nothing could be compared."
        return _inconclusive(terms, baseline, [Reason(code="no-traffic", message=message)])
    if unseen := [one.name for one in _promoting(terms, baseline) if not one.history.total]:
        message = (
            f"Of {', '.join(unseen)} nothing was counted within {terms.baseline:g} s, so nothing could be compared; "
            "a longer `baseline` may see it."
        )
        return _inconclusive(terms, baseline, [Reason(code="nothing-counted", message=message)])
    for line in _ahead(asked, terms, baseline):
        logger.info("%s", line)
    if not terms.settings.advances:
        # A comparison is worth having, however little it can see.
        return None
    _, ahead = _plan(terms, baseline)
    reasons = [Reason(code="cannot-decide", message=f"{why[:1].upper()}{why[1:]}.") for why in ahead.reasons]
    if reasons and (instead := what_would_decide(ahead)):
        reasons.append(Reason(code="what-would-decide", message=instead))
    return _inconclusive(terms, baseline, reasons) if reasons else None


def _inconclusive(terms: Terms, baseline: Baseline, reasons: Sequence[Reason]) -> Refusal:
    return Refusal("inconclusive", tuple(reasons), terms.candidate, baseline.dispersion.value)


def _asked(terms: Terms, baseline: Baseline, scene: Scene) -> Asked | Shadowed | None:
    if terms.question is None:
        return None
    if terms.settings.mirror:
        return Shadowed(terms.question, terms.alpha, begin=scene.pairs.written() if scene.pairs else 0)
    return ask(terms.question, baseline, terms.alpha, means=scene.source.read().sums)


def _ahead(asked: Asked | Shadowed | None, terms: Terms, baseline: Baseline) -> list[str]:
    """What the traffic seen now can decide by the deadline."""
    settings = terms.settings
    if isinstance(asked, Asked):
        return [foresee(asked, baseline, settings.steps[0], settings.deadline)]
    if settings.advances:
        last, ahead = _plan(terms, baseline)
        named = [f"plan: of all metrics {last!r} decides last"] if len(_promoting(terms, baseline)) > 1 else []
        return [*named, *plan_lines(ahead)]
    copies = settings.mirror / 100 * baseline.requests_per_second * settings.deadline
    return [f"plan: by the deadline about {copies:,.0f} requests are copied to the candidate"]


def _promoting(terms: Terms, baseline: Baseline) -> list[Metric]:
    return [metric for metric in choose_metrics(terms.wanted, baseline) if metric.promotes]


def _plan(terms: Terms, baseline: Baseline) -> tuple[str, Plan]:
    """The metric that a promotion waits for longest, and what it will take."""
    settings = terms.settings
    weights, traffic, deadline = settings.steps, baseline.requests_per_second, settings.deadline
    if not settings.holds_back:
        # As if as many requests again went to the stable side, for as long as there are looks at its past.
        _, past = set_aside(baseline)
        weights, traffic, deadline = (50,), 2 * traffic, min(deadline, max(1, len(past)) * settings.interval)
    plans = {
        metric.name: plan(
            weights=weights,
            baseline_rate=History(metric.history, metric.dispersion).rate,
            requests_per_second=traffic * metric.history.total / baseline.counts.total,
            interval=settings.interval,
            deadline=deadline,
            hypotheses=metric.hypotheses,
            alpha=terms.alpha,
        )
        for metric in _promoting(terms, baseline)
    }
    return min(plans.items(), key=lambda one: one[1].probability)
