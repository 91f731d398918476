"""A rollout as a pure state machine: what was seen at a look decides the candidate's next weight, or the end.

Whoever was killed and resumed in between, the same looks give the same end. The last weight in `weights` is what is
meant to be set: it is written down first and set afterwards, so that a rollout that was killed knows what it wanted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mlops_actions.canary_deploy.comparison import Asked, Shadowed
from mlops_actions.canary_deploy.comparison.wording import sentence
from mlops_actions.canary_deploy.following import changed, is_same, mirror_changed, not_followed
from mlops_actions.canary_deploy.looks import Seen, state_look
from mlops_actions.canary_deploy.past import Past, beside_past, compared_with_past
from mlops_actions.canary_deploy.pause import Pause
from mlops_actions.canary_deploy.strategies import Finish, OnInconclusive, Outcome, StrategyName, strategy_of
from mlops_actions.evidence.rollout import Look
from mlops_actions.evidence.statement import Reason, Result
from mlops_actions.statistics.sequential import (
    Action,
    Decision,
    Evidence,
    Metric,
    begin,
    decide,
    next_step,
    update,
)


@dataclass(frozen=True)
class Settings:
    """What is fixed before the first look."""

    target: str
    stable: str
    """host:port"""
    candidate: str
    steps: tuple[float, ...]
    """Weights in percent that are judged, as the strategy has them."""
    interval: float
    """Seconds between looks."""
    deadline: float
    """Seconds from the first weight."""
    on_inconclusive: OnInconclusive = "rollback"
    strategy: StrategyName = "canary"
    mirror: float = 0.0
    """The share of requests in percent that is copied to the candidate."""
    minimum_requests: int = 0
    """What the candidate has to answer in each step, besides the evidence."""

    @property
    def holds_back(self) -> bool:
        """Whether the stable side keeps some traffic in every step, to compare with."""
        return 100 not in self.steps

    @property
    def advances(self) -> bool:
        """Whether the traffic moves on once the candidate was shown to be good enough."""
        return strategy_of(self.strategy).after_good(0, self.steps) is not None

    @property
    def planned_looks(self) -> int:
        return max(1, math.ceil(self.deadline / self.interval))


@dataclass(frozen=True)
class Candidate:
    """The model that is rolled out, and what the servers said about themselves."""

    name: str
    sha256: str
    verified: bool
    """Whether the candidate reported this digest."""
    stable_sha256: str | None = None
    """What the stable side reported."""


@dataclass(frozen=True)
class Ending:
    """How a rollout ends; it is over once the weight is set and confirmed."""

    outcome: Outcome
    result: Result
    reasons: tuple[Reason, ...]
    confirmed: bool = False


@dataclass(frozen=True, eq=False)
class Rollout:
    """All that is known at one moment."""

    id: str
    settings: Settings
    candidate: Candidate
    started: float
    """Unix time of the first weight."""
    evidence: Evidence
    weights: tuple[float, ...]
    """In percent, in the order they were meant; the last one stands."""
    step: int = 0
    seen: tuple[int, int] = (0, 0)
    """Requests in this step: of the candidate, of both."""
    looks: tuple[Look, ...] = ()
    ending: Ending | None = None
    past: Past = ()
    """Looks at the stable side before the switch, where nothing is held back on it to compare with."""
    pause: Pause | None = None
    """Where it waits for the next run of `mode: advance`."""
    asked: Asked | Shadowed | None = None
    """What an A/B test or a shadow is to find out."""

    @property
    def weight(self) -> float:
        """The candidate's share of traffic as it is meant, in percent."""
        return self.weights[-1]

    @property
    def is_over(self) -> bool:
        """Whether it ended and its last weight was confirmed."""
        return self.ending is not None and self.ending.confirmed

    @property
    def begins_step(self) -> bool:
        """Whether its weight was never looked at before."""
        return not any(is_same(one.weight, self.weight) for one in self.looks)

    @property
    def decision(self) -> Decision:
        """What the evidence asks for now."""
        return decide(self.evidence)


def start(
    name: str,
    settings: Settings,
    candidate: Candidate,
    metrics: Sequence[Metric],
    alpha: float,
    now: float,
    past: Past = (),
    asked: Asked | Shadowed | None = None,
) -> Rollout:
    """A rollout that means to set its first weight. InputError where the judgement cannot be set up."""
    evidence = begin(metrics, alpha=alpha, planned_looks=settings.planned_looks)
    return Rollout(name, settings, candidate, now, evidence, weights=(settings.steps[0],), past=past, asked=asked)


def look(rollout: Rollout, seen: Seen) -> Rollout:
    """The rollout after one more look: its weight moves on, or it ends, or neither.

    What happened in a pause counts as evidence, but a step is only left after a look at its own weight.
    """
    if rollout.past:
        seen = beside_past(seen, rollout.past, len(rollout.looks))
    rollout, decision = _learn(rollout, seen)
    if decision.action is Action.ROLL_BACK:
        return end(rollout, "rolled-back", "fail", *_told(decision))
    if reason := (
        changed(rollout.weight, seen)
        or mirror_changed(rollout.settings.mirror, seen)
        or not_followed(rollout.weight, rollout.seen)
    ):
        return end(rollout, "rolled-back", "inconclusive", reason)
    strategy = strategy_of(rollout.settings.strategy)
    if (asked := rollout.asked) and (finish := strategy.after_answer(asked.question, asked.answer())):
        return end(rollout, finish.outcome, finish.result, *_found(rollout))
    if decision.action is Action.ADVANCE and rollout.pause is None and _has_enough(rollout):
        following = strategy.after_good(rollout.step, rollout.settings.steps)
        if following is not None:
            return _advance(rollout, following, decision)
    if seen.time - rollout.started >= rollout.settings.deadline:
        return _undecided(rollout, decision)
    return rollout


def end(rollout: Rollout, outcome: Outcome, result: Result, *reasons: Reason) -> Rollout:
    """The rollout that means to end: at 100 % where it is promoted, at 0 where it is rolled back."""
    weights = {"promoted": 100.0, "rolled-back": 0.0, "held": rollout.weight}
    added = () if weights[outcome] == rollout.weight else (weights[outcome],)
    reasons = (*reasons, compared_with_past(rollout.past)) if rollout.past else reasons
    return replace(rollout, weights=(*rollout.weights, *added), pause=None, ending=Ending(outcome, result, reasons))


def leave(rollout: Rollout, unattended: float, now: float) -> Rollout:
    """The rollout that means to hold at most `unattended` percent until the next run attends to it; Unix time."""
    return replace(held_at(rollout, min(rollout.weight, unattended)), pause=Pause(now), seen=(0, 0))


def attend(rollout: Rollout) -> Rollout:
    """The rollout that means to hold its step's weight again."""
    return replace(held_at(rollout, rollout.settings.steps[rollout.step]), pause=None, seen=(0, 0))


def held_at(rollout: Rollout, weight: float) -> Rollout:
    """The rollout that means to hold this weight."""
    return rollout if weight == rollout.weight else replace(rollout, weights=(*rollout.weights, weight))


def confirm(rollout: Rollout) -> Rollout:
    """The rollout whose last weight is in effect: it is over."""
    assert rollout.ending is not None
    return replace(rollout, ending=replace(rollout.ending, confirmed=True))


def resume(rollout: Rollout, effective: float) -> Rollout:
    """What was left behind when the process died; its last weight may not have been set any more.

    Any other weight than the last two was set by somebody else.
    """
    before = rollout.weights[-2] if len(rollout.weights) > 1 else 0.0
    if rollout.pause and rollout.pause.counters:
        return rollout  # its weight was confirmed, and is looked at with what happened since
    seen = Seen(rollout.started, effective, {})
    reason = changed(rollout.weight, seen)
    if rollout.ending or reason is None or changed(before, seen) is None:
        return rollout
    return end(rollout, "rolled-back", "inconclusive", reason)


def _learn(rollout: Rollout, seen: Seen) -> tuple[Rollout, Decision]:
    judged = [metric.name for metric in rollout.evidence.metrics]
    evidence = update(rollout.evidence, {name: seen.blocks.get(name) for name in judged})
    decision = decide(evidence)
    candidate, both = (before + now for before, now in zip(rollout.seen, seen.requests, strict=True))
    looks = (*rollout.looks, state_look(seen, decision))
    asked = rollout.asked and rollout.asked.after(seen)
    return replace(rollout, evidence=evidence, seen=(candidate, both), looks=looks, asked=asked), decision


def _has_enough(rollout: Rollout) -> bool:
    return rollout.seen[0] >= rollout.settings.minimum_requests


def _advance(rollout: Rollout, following: float | Finish, decision: Decision) -> Rollout:
    if isinstance(following, Finish):
        return end(rollout, following.outcome, following.result, *_told(decision))
    weights = (*rollout.weights, following)
    return replace(rollout, step=rollout.step + 1, weights=weights, seen=(0, 0), evidence=next_step(rollout.evidence))


def _undecided(rollout: Rollout, decision: Decision) -> Rollout:
    finish = strategy_of(rollout.settings.strategy).at_deadline(rollout.settings.on_inconclusive)
    late = f"The deadline of {rollout.settings.deadline:g} s came before"
    if rollout.asked:
        reasons = [Reason(code="deadline", message=f"{late} the question was answered."), *_found(rollout)]
    else:
        judged = f"step {rollout.step + 1} of {len(rollout.settings.steps)} at {rollout.weight:g} %"
        message = f"{late} the evidence could decide {judged}."
        reasons = [Reason(code="deadline", message=message), *_told(decision)]
    if rollout.settings.advances and not _has_enough(rollout):
        least = f"The candidate answered {rollout.seen[0]:,} requests in this step, of at least "
        reasons.append(Reason(code="few-requests", message=f"{least}{rollout.settings.minimum_requests:,}."))
    return end(rollout, finish.outcome, finish.result, *reasons)


def _found(rollout: Rollout) -> list[Reason]:
    """What was compared, with its numbers."""
    compared = rollout.asked.compare() if rollout.asked else ()
    return [Reason(code=f"answer-{one.answer}", message=sentence(one)) for one in compared]


def _told(decision: Decision) -> list[Reason]:
    """The decision's reasons as sentences; where several metrics are judged each names its own."""
    several = len(decision.judgements) > 1
    texts = [f"{one.metric}: {one.message}" if several else one.message for one in decision.reasons]
    return [
        Reason(code=one.code, message=f"{text[:1].upper()}{text[1:]}.")
        for one, text in zip(decision.reasons, texts, strict=True)
    ]
