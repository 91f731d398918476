"""What the inputs ask for, before anything is seen: the model, and the terms of its rollout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_actions.canary_deploy.comparison import Question, read_question
from mlops_actions.canary_deploy.comparison.shadowed import WRONG
from mlops_actions.canary_deploy.judged import Wanted
from mlops_actions.canary_deploy.metrics.interface import ERRORS
from mlops_actions.canary_deploy.rollout import Candidate, Settings
from mlops_actions.canary_deploy.strategies import strategy_of
from mlops_actions.canary_deploy.subject import Subject, find_subject
from mlops_actions.errors import InputError
from mlops_actions.evidence import EvidenceStore

if TYPE_CHECKING:
    from mlops_actions.canary_deploy.action import Inputs

NO_STABLE = "none"
"""What the input `stable` says where nothing serves yet."""
_BASELINE_LOOKS = 30


@dataclass(frozen=True)
class Terms:
    """What the rollout is to be, before anything was seen."""

    settings: Settings
    candidate: Candidate
    wanted: Wanted
    alpha: float
    baseline: float
    """Seconds."""
    health_time_limit: float
    """Seconds."""
    question: Question | None = None
    """What an A/B test or a shadow is to find out."""


def subject_of(inputs: Inputs) -> Subject:
    """The model that is to be rolled out."""
    return find_subject(inputs.model, inputs.registry, inputs.name, EvidenceStore(inputs.evidence))


def judged_steps(inputs: Inputs) -> tuple[float, ...]:
    """The candidate's weights that are judged, in percent."""
    strategy = strategy_of(inputs.strategy)
    return strategy.judged(inputs.steps or strategy.usual_steps)


def mirrored_share(inputs: Inputs) -> float:
    """The share of requests that is copied to the candidate, in percent."""
    strategy = strategy_of(inputs.strategy)
    return float((inputs.steps or strategy.usual_steps)[0]) if strategy.mirrors else 0.0


def settings_of(inputs: Inputs) -> Settings:
    """What is fixed before the first look."""
    return Settings(
        target=inputs.target,
        stable=inputs.stable,
        candidate=inputs.candidate,
        steps=judged_steps(inputs),
        interval=inputs.interval,
        deadline=inputs.deadline,
        on_inconclusive=inputs.on_inconclusive or strategy_of(inputs.strategy).usual_end,
        strategy=inputs.strategy,
        minimum_requests=inputs.minimum_requests,
        mirror=mirrored_share(inputs),
    )


def terms_of(inputs: Inputs, subject: Subject) -> Terms:
    """The terms of its rollout."""
    return Terms(
        settings=settings_of(inputs),
        candidate=Candidate(subject.name, subject.sha256, verified=False),
        wanted=Wanted(inputs.error_margin, inputs.latency, inputs.metrics, mirrored_share(inputs) > 0, inputs.cluster),
        alpha=inputs.alpha,
        baseline=inputs.baseline or _BASELINE_LOOKS * inputs.interval,
        health_time_limit=inputs.health_timeout,
        question=_question(inputs),
    )


def _question(inputs: Inputs) -> Question | None:
    if inputs.strategy == "ab":
        if inputs.sticky and inputs.metrics_source is None:
            raise InputError(
                "'sticky' assigns users to the sides, and the proxy counts requests: those of one user hang together.",
                where="sticky",
                hint="Name as 'metrics-source' one that counts each user once, such as exec:./users.sh, or leave out "
                "'sticky'.",
            )
        return read_question(inputs.question or f"{ERRORS} < stable")
    if inputs.pairs and inputs.strategy != "shadow":
        raise InputError(
            f"the input 'pairs' is {inputs.pairs!r}, and a {inputs.strategy} compares none.",
            hint="Leave it out, or write strategy: shadow.",
        )
    if inputs.strategy == "shadow" and not inputs.question:
        return Question(WRONG, "<", inputs.error_margin) if inputs.pairs else None
    if inputs.question:
        raise InputError(
            f"the input 'question' is {inputs.question!r}, and a {inputs.strategy} asks none.",
            hint="Leave it out, or write strategy: ab.",
        )
    return None
