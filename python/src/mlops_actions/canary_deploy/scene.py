"""The world that one rollout plays in, and the patience with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from mlops_actions import cancellation
from mlops_actions.canary_deploy.comparison.pairs import PairSource, open_pairs
from mlops_actions.canary_deploy.hooks import NO_HOOKS, Hooks, read_hook
from mlops_actions.canary_deploy.memory import Memory, TakenOverError, local_folder, open_memory
from mlops_actions.canary_deploy.metrics import MetricSource, Query, open_metrics
from mlops_actions.canary_deploy.metrics.interface import Uncounted
from mlops_actions.canary_deploy.rollout import Rollout
from mlops_actions.canary_deploy.servers import Probe
from mlops_actions.canary_deploy.targets import MirroringTarget, Services, Target, open_target, read_sticky
from mlops_actions.canary_deploy.terms import NO_STABLE, judged_steps, mirrored_share
from mlops_actions.errors import InputError, OutsideError

if TYPE_CHECKING:
    from mlops_actions.canary_deploy.action import Inputs

_PATIENCE = 3.0
"""Seconds in which a proxy may come back, well within the five that a cancelled rollout has."""
_PAUSE = 0.2
_LONGEST_REQUEST = 15.0
_ROUNDING = 1e-6

T = TypeVar("T")


@dataclass(frozen=True)
class Scene:
    """What routes, what counts and what remembers."""

    target: Target
    source: MetricSource
    memory: Memory
    smoke: Callable[[], Probe] | None = None
    """Asks the candidate what a user might ask it."""
    hooks: Hooks = NO_HOOKS
    pairs: PairSource | None = None
    """Of a shadow: where both models' predictions are."""


def open_scene(inputs: Inputs) -> Scene:
    """The scene that the inputs name; nothing is reached or started yet."""
    memory = open_memory(inputs.state, inputs.registry, inputs.target)
    folder = local_folder(inputs.state, inputs.target)
    time_limit = min(0.8 * inputs.interval, _LONGEST_REQUEST)
    sticky = read_sticky(inputs.sticky) if inputs.sticky else None
    # A first deployment has one server, whichever side its requests are counted for.
    stable = inputs.candidate if inputs.stable == NO_STABLE else inputs.stable
    services = Services(stable, inputs.candidate, inputs.health_path, time_limit, folder, sticky)
    target = open_target(inputs.target, services)
    if sticky and not target.capabilities.sticky:
        raise InputError(
            f"the input 'sticky' is {inputs.sticky!r}, and {inputs.target} cannot keep users on their side.",
            hint="Leave it out, so that each request is assigned anew, or route by an embedded Envoy, envoy:HOST:PORT.",
        )
    if mirrored_share(inputs) and not isinstance(target, MirroringTarget):
        raise InputError(
            f"a shadow is copied requests, and {inputs.target} cannot copy any.",
            hint="Let an Envoy route, envoy:HOST:PORT.",
        )
    least = target.capabilities.least_weight
    for step in judged_steps(inputs):
        if abs(step - round(step / least) * least) > _ROUNDING:
            raise InputError(f"'steps' has {step:g} %; {inputs.target} can set multiples of {least:g} %.")
    if inputs.mode not in ("run", "advance", "plan"):
        return Scene(target, Uncounted(), memory)
    query = Query(inputs.metrics_query, inputs.label_delay or 0.0)
    source = open_metrics(target, inputs.metrics_source, services, query)
    before = read_hook(inputs.before_step, "before-step", inputs.stable, inputs.candidate)
    after = read_hook(inputs.after_step, "after-step", inputs.stable, inputs.candidate)
    return Scene(target, source, memory, _smoke(inputs, services), Hooks(before, after), _pairs(inputs))


def _pairs(inputs: Inputs) -> PairSource | None:
    return open_pairs(inputs.pairs, inputs.stable, inputs.candidate) if inputs.pairs else None


def _smoke(inputs: Inputs, services: Services) -> Callable[[], Probe] | None:
    if inputs.smoke_path is None:
        return None
    asked = open_target(inputs.target, replace(services, health_path=inputs.smoke_path))
    return lambda: asked.probe("candidate")


@contextmanager
def conducting(memory: Memory) -> Iterator[None]:
    """Conduct what is remembered; what was asked of a run before is forgotten, what is asked from now on is heard."""
    before = patiently(memory.asked)
    with memory.lock():
        if before:
            memory.forget_request(before)
        yield


def set_weight(rollout: Rollout, scene: Scene, expected: float | None = None) -> None:
    """Set and confirm the weight that is meant, where it is the expected one, and copy requests as is meant."""
    try:
        patiently(lambda: scene.target.set_weight(rollout.weight, expected), when_cancelled=True)
    except OutsideError as error:
        raise OutsideError(
            f"the weight of {scene.target.location} could not be set to {rollout.weight:g} %: {error}",
            hint="It may still be another one. Run again, or with `mode: abort`, when the proxy answers.",
        ) from None
    share, target = 0.0 if rollout.ending else rollout.settings.mirror, scene.target
    if rollout.settings.mirror and isinstance(target, MirroringTarget):
        patiently(partial(target.set_mirror, share), when_cancelled=True)


def patiently(ask: Callable[[], T], *, when_cancelled: bool = False) -> T:
    """Ask again for a while: a proxy that is being restarted comes back. Nobody waits for what is cancelled."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            return ask()
        except TakenOverError:
            raise
        except OutsideError:
            if time.monotonic() >= until or (cancellation.requested() and not when_cancelled):
                raise
            time.sleep(_PAUSE)
