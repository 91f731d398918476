"""Carries a rollout from its first weight, or from where it was left, to its end.

What is remembered is always ahead of what is set. Whatever goes wrong, the last thing tried is to give the candidate
no traffic.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace

from mlops_actions import cancellation
from mlops_actions.canary_deploy.baseline import longest_gap
from mlops_actions.canary_deploy.fitness import no_longer_fit
from mlops_actions.canary_deploy.looks import Seen
from mlops_actions.canary_deploy.memory import TakenOverError
from mlops_actions.canary_deploy.metrics import Snapshot
from mlops_actions.canary_deploy.metrics.interface import blocks_since
from mlops_actions.canary_deploy.rollout import Rollout, confirm, end, look
from mlops_actions.canary_deploy.scene import Scene, patiently, set_weight
from mlops_actions.canary_deploy.wording import look_line
from mlops_actions.errors import MlopsError
from mlops_actions.evidence import Reason

logger = logging.getLogger(__name__)

CANCELLED = Reason(code="cancelled", message="The run was cancelled; the candidate gets no traffic.")
RETURNED = Reason(code="returned", message="All traffic was given back to the stable side.")
ABORTED = Reason(code="aborted", message="The rollout was aborted; the candidate gets no traffic.")


BUG = Reason(code="bug", message="mlops-actions failed; the candidate gets no traffic.")


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
        set_weight(rollout, scene)
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
    set_weight(rollout, scene)
    before = patiently(scene.source.read)
    while True:
        cancellation.wait(rollout.settings.interval)
        if cancellation.requested():
            return end(rollout, "rolled-back", "inconclusive", CANCELLED)
        if scene.memory.asked_to_abort():
            return end(rollout, "rolled-back", "inconclusive", ABORTED)
        after = patiently(scene.source.read)
        rollout = _looked(rollout, scene, before, after)
        if rollout.ending:
            return rollout
        before = after


def _looked(rollout: Rollout, scene: Scene, before: Snapshot, after: Snapshot) -> Rollout:
    seen = Seen(
        time=time.time(),
        weight=patiently(scene.target.weight),
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
            set_weight(judged, scene, expected=rollout.weight)
    return judged
