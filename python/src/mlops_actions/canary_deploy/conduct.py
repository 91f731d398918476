"""Carries a rollout from its first weight, or from where it was left, to its end.

What is remembered is always ahead of what is set. Whatever goes wrong, the last thing tried is to give the candidate
no traffic.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from mlops_actions import cancellation
from mlops_actions.canary_deploy.baseline import longest_gap
from mlops_actions.canary_deploy.looks import Seen
from mlops_actions.canary_deploy.memory import Memory, TakenOverError
from mlops_actions.canary_deploy.metrics import MetricSource, Snapshot
from mlops_actions.canary_deploy.metrics.interface import blocks_since
from mlops_actions.canary_deploy.rollout import Candidate, Rollout, confirm, end, look
from mlops_actions.canary_deploy.servers import Probe
from mlops_actions.canary_deploy.targets import Target
from mlops_actions.canary_deploy.wording import look_line
from mlops_actions.errors import MlopsError, OutsideError
from mlops_actions.evidence import Reason

logger = logging.getLogger(__name__)

_PATIENCE = 3.0
"""Seconds in which a proxy may come back, well within the five that a cancelled rollout has."""
_PAUSE = 0.2
_PROBES = 3

T = TypeVar("T")

CANCELLED = Reason(code="cancelled", message="The run was cancelled; the candidate gets no traffic.")
RETURNED = Reason(code="returned", message="All traffic was given back to the stable side.")
ABORTED = Reason(code="aborted", message="The rollout was aborted; the candidate gets no traffic.")


BUG = Reason(code="bug", message="mlops-actions failed; the candidate gets no traffic.")


@dataclass(frozen=True)
class Scene:
    """The world that one rollout plays in."""

    target: Target
    source: MetricSource
    memory: Memory
    smoke: Callable[[], Probe] | None = None
    """Asks the candidate what a user might ask it."""


def conduct(rollout: Rollout, scene: Scene) -> Rollout:
    """Set the weight that is meant, look until the end, and confirm it.

    Raises OutsideError only where not even the roll-back could be confirmed; the rollout is then remembered, and the
    next run takes it up.
    """
    with cancellation.deferred():
        try:
            rollout = _watched(rollout, scene)
        except TakenOverError:
            raise
        except MlopsError as error:
            ending = Reason(code="target-failed", message=f"The rollout could not go on: {error}")
            rollout = end(rollout, "rolled-back", "inconclusive", ending)
        except Exception:
            # A bug of ours must not keep users on the candidate.
            settle(end(rollout, "rolled-back", "inconclusive", BUG), scene)
            raise
        return settle(rollout, scene)


def settle(rollout: Rollout, scene: Scene) -> Rollout:
    """Set and confirm the weight of a rollout that means to end, cancelled or not. OutsideError where that fails.

    TakenOverError, and nothing set, where it is another run's by now.
    """
    with cancellation.deferred():
        forgotten = None
        try:
            scene.memory.save(rollout)
        except TakenOverError:
            raise
        except MlopsError as error:
            forgotten = error
        _set(rollout, scene)
        if forgotten:
            # A disk that is full must not keep users on a bad candidate.
            raise forgotten
        rollout = confirm(rollout)
        scene.memory.save(rollout)
    logger.info("the candidate holds %g %% of the traffic", rollout.weight)
    return rollout


def _watched(rollout: Rollout, scene: Scene) -> Rollout:
    """The rollout that means to end."""
    if rollout.ending:
        return rollout
    scene.memory.save(rollout)
    _set(rollout, scene)
    before = _patiently(scene.source.read)
    while True:
        cancellation.wait(rollout.settings.interval)
        if cancellation.requested():
            return end(rollout, "rolled-back", "inconclusive", CANCELLED)
        if scene.memory.asked_to_abort():
            return end(rollout, "rolled-back", "inconclusive", ABORTED)
        after = _patiently(scene.source.read)
        rollout = _looked(rollout, scene, before, after)
        if rollout.ending:
            return rollout
        before = after


def _looked(rollout: Rollout, scene: Scene, before: Snapshot, after: Snapshot) -> Rollout:
    seen = Seen(
        time=time.time(),
        weight=_patiently(scene.target.weight),
        blocks=blocks_since(before, after, longest_gap(rollout.settings.interval)),
        restarted=after.restarted_since(before),
    )
    judged = look(rollout, seen)
    logger.info("%s", look_line(judged))
    if judged.weight > rollout.weight and (reason := no_longer_fit(judged.candidate, scene.target)):
        # The weight that it had earned was never set.
        judged = end(replace(judged, weights=rollout.weights, ending=None), "rolled-back", "fail", reason)
    if judged.ending is None:
        scene.memory.save(judged)
        if judged.weight != rollout.weight:
            logger.info("step %d of %d: %g %%", judged.step + 1, len(judged.settings.steps), judged.weight)
            _set(judged, scene, expected=rollout.weight)
    return judged


def no_longer_fit(candidate: Candidate, target: Target) -> Reason | None:
    """Why the candidate may get no more traffic: it is ill, or it serves something else by now."""
    found = target.probe("candidate")
    for _ in range(_PROBES - 1):
        if found.healthy or cancellation.wait(_PAUSE):
            break
        found = target.probe("candidate")
    if not found.healthy:
        return Reason(code="candidate-unhealthy", message=f"The candidate is not healthy any more: {found.detail}.")
    return wrong_model(candidate.sha256, found, required=candidate.verified)


def wrong_model(sha256: str, found: Probe, *, required: bool) -> Reason | None:
    """Why the candidate is not the model that the evidence is about; None where it is, or need not say."""
    if found.sha256 == sha256 or (found.sha256 is None and not required):
        return None
    said = "none any more" if found.sha256 is None else found.sha256[:12]
    message = f"The candidate serves another model: it reports the SHA-256 {said}, the evidence is about {sha256[:12]}."
    return Reason(code="wrong-model", message=message)


def _set(rollout: Rollout, scene: Scene, expected: float | None = None) -> None:
    """Set and confirm the weight that is meant, where it is the expected one; one that is held is left alone."""
    if rollout.ending and rollout.ending.outcome == "held":
        return
    try:
        _patiently(lambda: scene.target.set_weight(rollout.weight, expected), when_cancelled=True)
    except OutsideError as error:
        raise OutsideError(
            f"the weight of {scene.target.location} could not be set to {rollout.weight:g} %: {error}",
            hint="It may still be another one. Run again, or with `mode: abort`, when the proxy answers.",
        ) from None


def _patiently(ask: Callable[[], T], *, when_cancelled: bool = False) -> T:
    """Ask again for a while: a proxy that is being restarted comes back. Nobody waits for what is cancelled."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            return ask()
        except OutsideError:
            if time.monotonic() >= until or (cancellation.requested() and not when_cancelled):
                raise
            time.sleep(_PAUSE)
