"""Carries a rollout from its first weight, or from where it was left, to its end or to the next run's turn.

What is remembered is always ahead of what is set. Whatever goes wrong, the last thing tried is to give the candidate
no traffic.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from mlops_actions import cancellation
from mlops_actions.canary_deploy.baseline import longest_gap
from mlops_actions.canary_deploy.comparison import Shadowed
from mlops_actions.canary_deploy.comparison.pairs import Pairs
from mlops_actions.canary_deploy.fitness import no_longer_fit
from mlops_actions.canary_deploy.following import is_same
from mlops_actions.canary_deploy.hooks import Moment, When
from mlops_actions.canary_deploy.looks import Seen
from mlops_actions.canary_deploy.memory import Request, TakenOverError
from mlops_actions.canary_deploy.metrics import Snapshot
from mlops_actions.canary_deploy.metrics.interface import CohortSource, blocks_since, sums_since
from mlops_actions.canary_deploy.pause import kept_counters, snapshot_of
from mlops_actions.canary_deploy.rollout import Rollout, attend, confirm, end, held_at, leave, look
from mlops_actions.canary_deploy.scene import Scene, patiently, set_weight
from mlops_actions.canary_deploy.targets import MirroringTarget
from mlops_actions.canary_deploy.wording import look_line, unattended_line
from mlops_actions.ci.interface import NOTICE
from mlops_actions.errors import MlopsError, OutsideError
from mlops_actions.evidence import Reason
from mlops_actions.statistics.sequential import Reading

logger = logging.getLogger(__name__)

CANCELLED = Reason(code="cancelled", message="The run was cancelled; the candidate gets no traffic.")
RETURNED = Reason(code="returned", message="All traffic was given back to the stable side.")
BUG = Reason(code="bug", message="mlops-actions failed; the candidate gets no traffic.")


@dataclass(frozen=True)
class Visit:
    """One of several runs that conduct a rollout together, at most one step each."""

    window: float
    """Seconds that it looks."""
    unattended: float
    """What the candidate holds at most until the next run, in percent."""


def conduct(rollout: Rollout, scene: Scene, visit: Visit | None = None) -> Rollout:
    """Set the weight that is meant, look until the end, and confirm it; a visit may leave it to the next run before.

    Raises OutsideError only where not even the roll-back could be confirmed; the rollout is then remembered, and the
    next run takes it up.
    """
    with cancellation.deferred():
        try:
            for newer in _course(rollout, scene, visit):
                rollout = newer
        except TakenOverError:
            raise
        except MlopsError as error:
            ending = Reason(code="target-failed", message=f"The rollout could not go on: {error}")
            rollout = end(rollout, "rolled-back", "inconclusive", ending)
        except Exception:
            # A bug of ours must not keep users on the candidate.
            settle(end(rollout, "rolled-back", "inconclusive", BUG), scene)
            raise
        return settle(rollout, scene) if rollout.ending else rollout


def answer(rollout: Rollout, request: Request, scene: Scene) -> Rollout:
    """The rollout that ends as a person or a job asked for; a candidate that is not well is promoted by nobody."""
    by = f" by {request.by}" if request.by else ""
    if request.what == "promote":
        if reason := no_longer_fit(rollout.candidate, scene.target):
            return end(rollout, "rolled-back", "fail", reason)
        message = f"The candidate was promoted by hand{by}, before the evidence had decided."
        return end(rollout, "promoted", "inconclusive", Reason(code="promoted-by-hand", message=message))
    message = f"The rollout was aborted{by}; the candidate gets no traffic."
    return end(rollout, "rolled-back", "inconclusive", Reason(code="aborted", message=message))


def settle(rollout: Rollout, scene: Scene) -> Rollout:
    """Set and confirm the weight of a rollout that means to end, cancelled or not. OutsideError where that fails.

    TakenOverError, and nothing set, where it is another run's by now.
    """
    with cancellation.deferred():
        try:
            scene.memory.save(rollout)
        except TakenOverError:
            raise
        except Exception:
            # A disk that is full, or a bug of ours, must not keep users on a bad candidate.
            set_weight(rollout, scene)
            raise
        set_weight(rollout, scene)
        rollout = confirm(rollout)
        scene.memory.save(rollout)
    logger.info("the candidate holds %g %% of the traffic", rollout.weight)
    return rollout


def _course(rollout: Rollout, scene: Scene, visit: Visit | None) -> Iterator[Rollout]:
    """What becomes of a rollout, look by look; the last one means to end, or waits for the next run."""
    if rollout.looks and isinstance(scene.source, CohortSource):
        scene.source.take_up([one.time.timestamp() for one in rollout.looks], _counted(rollout))
    if rollout.pause and rollout.pause.counters:
        rollout = _look_back(rollout, scene)
        yield rollout
    if rollout.ending:
        return
    held = rollout.weight if rollout.pause else None
    rollout = attend(rollout)
    yield rollout
    if rollout.begins_step and (failed := _hooked(rollout, scene, "before-step", rollout.weights[:-1] or (0.0,))):
        yield failed
        return
    patiently(partial(scene.memory.save, rollout))
    set_weight(rollout, scene, expected=held)
    _tell_step(rollout)
    before, first = patiently(scene.source.read), len(rollout.looks)
    until = time.monotonic() + visit.window if visit else math.inf
    while True:
        cancellation.wait(rollout.settings.interval)
        if cancellation.requested():
            yield end(rollout, "rolled-back", "inconclusive", CANCELLED)
            return
        if request := patiently(scene.memory.asked):
            yield answer(rollout, request, scene)
            return
        after = patiently(scene.source.read)
        judged = _judged(rollout, scene, before, after)
        leaves = visit and (judged.step != rollout.step or time.monotonic() >= until)
        if judged.ending is None and leaves:
            # The weight that it has earned is the next run's to set.
            judged = replace(judged, weights=rollout.weights)
        elif judged.weight > rollout.weight:
            judged = _hooked(judged, scene, "before-step", rollout.weights) or judged
        yield judged
        if visit and (leaves or judged.ending):
            yield from _left(judged, scene, visit, first)
            return
        if judged.ending:
            return
        patiently(partial(scene.memory.save, judged))
        if judged.weight != rollout.weight:
            set_weight(judged, scene, expected=rollout.weight)
            _tell_step(judged)
        rollout, before = judged, after


def _tell_step(rollout: Rollout) -> None:
    """On the run's page: its summary appears only when the step ends, which may be hours from now."""
    steps = len(rollout.settings.steps)
    logger.log(NOTICE, "step %d of %d: the candidate gets %g %%", rollout.step + 1, steps, rollout.weight)


def _judged(rollout: Rollout, scene: Scene, before: Snapshot, after: Snapshot) -> Rollout:
    weight = patiently(scene.target.weight)
    # Whether it was a restart that changed the weight may only show in counters that are read after it.
    latest = after if is_same(weight, rollout.weight) else patiently(scene.source.read)
    seen = Seen(
        time=time.time(),
        weight=weight,
        blocks=blocks_since(before, after, longest_gap(rollout.settings.interval)),
        sums=sums_since(before, after, longest_gap(rollout.settings.interval)),
        pairs=_pairs(rollout, scene),
        mirror=_mirror(rollout, scene),
        restarted=latest.restarted_since(before),
    )
    judged = look(rollout, seen)
    logger.info("%s", look_line(judged, rollout.step))
    promoted = judged.ending and judged.ending.outcome == "promoted"
    if judged.step == rollout.step and not promoted:
        return judged
    if reason := no_longer_fit(judged.candidate, scene.target):
        # The weight that it had earned was never set.
        return end(replace(judged, weights=rollout.weights, ending=None), "rolled-back", "fail", reason)
    return _hooked(replace(rollout, looks=judged.looks), scene, "after-step", rollout.weights) or judged


def _counted(rollout: Rollout) -> Mapping[str, Reading]:
    """The counters as the run before left them; none where it was killed."""
    counters = rollout.pause.counters if rollout.pause else None
    return snapshot_of(counters, time.time() - time.monotonic()).readings if counters else {}


def _look_back(rollout: Rollout, scene: Scene) -> Rollout:
    """The rollout with what happened while nobody looked, where the counters prove that they went on."""
    assert rollout.pause is not None
    assert rollout.pause.counters is not None
    after, clock = patiently(scene.source.read), time.time() - time.monotonic()
    before = snapshot_of(rollout.pause.counters, clock)
    blocks = blocks_since(before, after, math.inf) if after.tells_age else {}
    seen = Seen(
        time=time.time(),
        weight=patiently(scene.target.weight),
        blocks=blocks,
        pairs=_pairs(rollout, scene),
        mirror=_mirror(rollout, scene),
        restarted=after.restarted_since(before),
    )
    judged = look(rollout, seen)
    logger.info("since the last run, %s", look_line(judged, rollout.step))
    return judged


def _pairs(rollout: Rollout, scene: Scene) -> Pairs | None:
    """All pairs of this rollout, of a shadow that has a source of them."""
    if scene.pairs is None or not isinstance(rollout.asked, Shadowed):
        return None
    return patiently(partial(scene.pairs.read, rollout.asked.begin))


def _mirror(rollout: Rollout, scene: Scene) -> float:
    """The share that is copied, of a rollout that copies any."""
    target = scene.target
    return patiently(target.mirror) if rollout.settings.mirror and isinstance(target, MirroringTarget) else 0.0


def _left(rollout: Rollout, scene: Scene, visit: Visit, first: int) -> Iterator[Rollout]:
    """The rollout at a weight that may be left alone, and the counters from there on."""
    if rollout.ending:
        if rollout.ending.outcome != "held" or rollout.weight <= visit.unattended:
            return
        yield held_at(rollout, visit.unattended)
        return
    left = leave(rollout, visit.unattended, time.time())
    yield left
    patiently(partial(scene.memory.save, left))
    set_weight(left, scene, expected=rollout.weight)
    counters = kept_counters(patiently(scene.source.read), time.time() - time.monotonic())
    assert left.pause is not None
    pause = replace(left.pause, counters=counters, requests_per_second=_traffic(rollout, first))
    left = replace(left, pause=pause)
    patiently(partial(scene.memory.save, left))
    logger.info("%s", unattended_line(left))
    yield left


def _traffic(rollout: Rollout, first: int) -> float | None:
    """Requests a second of both sides in this run's looks."""
    looks = [one for one in rollout.looks[first:] if one.counts]
    if not looks:
        return None
    requests = sum(one.counts["candidate_requests"] + one.counts["stable_requests"] for one in looks)
    return requests / (len(looks) * rollout.settings.interval)


def _hooked(rollout: Rollout, scene: Scene, when: When, weights: tuple[float, ...]) -> Rollout | None:
    """The rollout that ends since the user's hook failed, after the `weights` that were set; None where it did not."""
    settings, candidate = rollout.settings, rollout.candidate
    step = rollout.step + (2 if rollout.ending else 1)
    moment = Moment(
        when, step, len(settings.steps), rollout.weight, settings.stable, settings.candidate,
        candidate.name, candidate.sha256,
    )  # fmt: skip
    try:
        scene.hooks.call(moment)
    except OutsideError as error:
        message = f"The hook '{when}' of step {step} at {rollout.weight:g} % failed: {error}"
        failed = replace(rollout, weights=weights, ending=None)
        return end(failed, "rolled-back", "inconclusive", Reason(code="hook-failed", message=message))
    return None
