"""Move live traffic to a candidate step by step, and take it back on evidence that it is worse."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from mlops_actions.canary_deploy.conduct import ABORTED, RETURNED, Scene, conduct, no_longer_fit, settle
from mlops_actions.canary_deploy.memory import local_folder, open_memory
from mlops_actions.canary_deploy.metrics import open_metrics
from mlops_actions.canary_deploy.metrics.interface import Uncounted
from mlops_actions.canary_deploy.opening import Refusal, Terms, open_rollout, plan_rollout
from mlops_actions.canary_deploy.rollout import Candidate, Rollout, Settings, end, resume
from mlops_actions.canary_deploy.servers import Probe
from mlops_actions.canary_deploy.statement import state_refusal, state_rollout
from mlops_actions.canary_deploy.strategies import OnInconclusive, StrategyName, strategy_of
from mlops_actions.canary_deploy.subject import Subject, find_subject, last_subject, materials_of
from mlops_actions.canary_deploy.targets import Services, Target, open_target
from mlops_actions.ci.inputs import MODEL, CommonInputs, CommonOutputs, Seconds, split_words
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evidence import EvidenceStore, Reason, Statement
from mlops_actions.evidence import rollout as document

logger = logging.getLogger(__name__)

_LONGEST_REQUEST = 15.0
_SHORTEST_INTERVAL = 0.1
_BASELINE_LOOKS = 30
_ROUNDING = 1e-6
_OTHER_PROCESS = 30.0
"""Seconds that an abort waits, besides one interval, for the process that runs the rollout."""


def rising(steps: list[float]) -> list[float]:
    """Weights in percent that rise from above 0."""
    if not steps or not steps[0] > 0 or steps[-1] > 100 or sorted(set(steps)) != steps:
        raise ValueError("write rising percentages, such as 5, 20, 50, 100")
    return steps


def absolute_path(path: str) -> str:
    """The path part of a URL."""
    if not re.fullmatch(r"/[!-~]*", path):
        raise ValueError("write a path that starts with a slash, such as /healthz")
    return path


def long_enough(interval: float) -> float:
    """A time between looks that leaves some for the requests: 0.8 of it is their limit."""
    if interval < _SHORTEST_INTERVAL:
        raise ValueError(f"write {_SHORTEST_INTERVAL:g}s or more")
    return interval


class Inputs(CommonInputs):
    """What canary-deploy takes."""

    model: Annotated[str | None, MODEL] = Field(
        None,
        description="The model that the candidate serves: a path, `name@alias`, `name:version` or `sha256:…`; without "
        "it, the only one with a passing verdict.",
    )
    target: str = Field(
        description="What routes the traffic: `envoy:HOST:PORT` for an embedded Envoy that users reach there, "
        "`envoy:http://HOST:PORT` with the admin address of one that runs already, `haproxy:SOCKET?backend=NAME`, "
        "`traefik:URL?file=PATH`, `httproute:NAMESPACE/NAME`, `kserve:NAMESPACE/NAME`, or `exec:COMMAND` for a script "
        "of yours; see below."
    )
    stable: str = Field(description="The server of today, as `host:port`, or a name that the target knows.")
    candidate: str = Field(description="The server of the new model, in the same way.")
    metrics_source: str | None = Field(
        None,
        description="What counts requests and errors where the target does not, or not as you would: `exec:COMMAND` "
        "for a script of yours; see below.",
    )
    strategy: StrategyName = Field(
        "canary", description="How traffic moves: `canary`, by steps; `blue-green`, at once."
    )
    mode: Literal["run", "plan", "status", "abort", "return", "stop"] = Field(
        "run",
        description="`run`, or take up a run that was killed; `plan` what it would take; tell the `status`; `abort` "
        "an unfinished one; `return` all traffic to the stable side, even after a promotion; `stop` does as `abort` "
        "and ends an embedded Envoy.",
    )
    steps: Annotated[Annotated[list[float], AfterValidator(rising)] | None, BeforeValidator(split_words)] = Field(
        None,
        description="The candidate's weights in percent, each judged before the next. By default `5, 20, 50, 100`; for "
        "`blue-green` `95, 100`, which holds back 5 % to compare with.",
    )
    interval: Annotated[Seconds, AfterValidator(long_enough)] = Field(10, description="Time between two looks.")
    deadline: Seconds = Field(3600, description="Longest time from the first weight to the decision.")
    baseline: Seconds | None = Field(
        None,
        description="How long the stable side is watched before the first weight, to see how its errors come in "
        "bunches; 30 looks where not given, with fewer they are taken to come by threes.",
    )
    error_margin: float = Field(
        0.01, ge=0, lt=1, description="How much higher the candidate's error rate may be: 0.01 is one point."
    )
    alpha: float = Field(
        0.05, gt=0, lt=1, description="Probability of rolling back a good candidate, and of promoting a bad one."
    )
    on_inconclusive: OnInconclusive = Field(
        "rollback", description="At the deadline without a decision: `rollback`, or `hold` the weight where it is."
    )
    health_path: Annotated[str, AfterValidator(absolute_path)] = Field(
        "/healthz", description="Path that a healthy server answers with a status of 2xx."
    )
    smoke_path: Annotated[str, AfterValidator(absolute_path)] | None = Field(
        None,
        description="Path that the candidate has to answer with a status of 2xx ten times, before its first user; this "
        "warms it up too.",
    )
    health_timeout: Seconds = Field(60, description="How long the servers may take to get healthy.")
    state: str | None = Field(
        None,
        description="What remembers an unfinished rollout: a folder of this machine, or a place that others see too, "
        "such as `s3://bucket/folder` or `file:/shared/folder`; by default the registry where it is a bucket, else the "
        "folder `mlops-state`.",
    )


class Outputs(CommonOutputs):
    """What canary-deploy gives."""

    outcome: str = Field("", description="`promoted`, `rolled-back`, `held`, `refused` or `planned`.")
    weight: float = Field(0.0, description="The candidate's share of traffic in percent at the end.")


def run(inputs: Inputs) -> Statement[document.Rollout]:
    """Roll out, or do what `mode` asks; a candidate that is worse is a statement with the result `fail`."""
    scene = _scene(inputs)
    if inputs.mode == "status":
        return _status(inputs, scene)
    if inputs.mode in ("abort", "return", "stop"):
        return _abort(inputs, scene)
    if inputs.stable == inputs.candidate:
        raise InputError(
            f"the inputs 'stable' and 'candidate' are both {inputs.stable}; a server is as good as itself.",
            hint="Let the candidate listen on an address of its own.",
        )
    subject = _subject(inputs)
    terms = _terms(inputs, subject)
    if inputs.mode == "plan":
        return state_refusal(plan_rollout(terms, scene), terms, "planned", subject.materials)
    with scene.memory.lock():
        scene.memory.forget_abort()
        found = _left_behind(terms, scene) or open_rollout(terms, scene)
        if isinstance(found, Refusal):
            return state_refusal(found, terms, "refused", subject.materials)
        return state_rollout(conduct(found, scene), subject.materials)


def _left_behind(terms: Terms, scene: Scene) -> Rollout | None:
    """The rollout of this model that was killed before its end was confirmed."""
    found = scene.memory.load()
    if found is None or found.is_over:
        return None
    if found.candidate.sha256 != terms.candidate.sha256:
        raise InputError(
            f"the rollout of another model ({found.candidate.sha256[:12]}) has not ended on {terms.settings.target}.",
            where=scene.memory.location,
            hint="Run it to its end, or give `mode: abort`.",
        )
    _refuse_other_servers(found, terms.settings.stable, terms.settings.candidate, scene)
    logger.info("taking up a rollout that was left behind after %d looks, as it was set up then", len(found.looks))
    scene.target.reach()
    found = resume(found, scene.target.weight())
    if found.weight > 0 and (reason := no_longer_fit(found.candidate, scene.target)):
        return end(found, "rolled-back", "fail", reason)
    return found


def _refuse_other_servers(found: Rollout, stable: str, candidate: str, scene: Scene) -> None:
    servers = (found.settings.stable, found.settings.candidate)
    if servers == (stable, candidate):
        return
    state, what = ("was the last", "return from it") if found.is_over else ("has not ended", "run it to its end")
    raise InputError(
        f"a rollout between other servers {state}: stable {servers[0]}, candidate {servers[1]}.",
        where=scene.memory.location,
        hint=f"Name these to {what}{'' if found.is_over else ', or give `mode: abort`'}.",
    )


def _status(inputs: Inputs, scene: Scene) -> Statement[document.Rollout]:
    found = scene.memory.load()
    if found is None:
        return _nothing(inputs, scene, scene.target.weight())
    weight = scene.target.weight()
    logger.info("the candidate's weight is %g %%", weight)
    message = f"The proxy holds {weight:g} %, the rollout had set {found.weight:g} %."
    notes = [] if weight == found.weight else [Reason(code="weight-differs", message=message)]
    if notes and found.ending and found.ending.result == "pass":
        # Traffic that was taken away since is no promotion any more.
        found = replace(found, ending=replace(found.ending, result="inconclusive"))
    return state_rollout(found, materials_of(found.candidate.sha256, EvidenceStore(inputs.evidence)), notes)


def _abort(inputs: Inputs, scene: Scene) -> Statement[document.Rollout]:
    scene.memory.ask_to_abort()
    with scene.memory.lock(patience=inputs.interval + _OTHER_PROCESS):
        scene.memory.forget_abort()
        found = scene.memory.load()
        if found and not found.is_over:
            scene.target.reach()
            found = settle(found if found.ending else end(found, "rolled-back", "inconclusive", ABORTED), scene)
        elif found and inputs.mode == "return":
            found = _return(found, inputs, scene)
        elif found is None:
            _take_back(scene.target, below=100 if inputs.mode != "return" else math.inf)
        if inputs.mode == "stop" and scene.target.stop():
            logger.info("the embedded proxy was stopped")
    if found is None:
        return _nothing(inputs, scene, 0.0)
    return state_rollout(found, materials_of(found.candidate.sha256, EvidenceStore(inputs.evidence)))


def _return(found: Rollout, inputs: Inputs, scene: Scene) -> Rollout:
    """The stable side of a rollout that is over was kept, and takes all traffic again, if it is still well."""
    if found.weight == 0:
        return found
    _refuse_other_servers(found, inputs.stable, inputs.candidate, scene)
    scene.target.reach()
    stable = scene.target.probe("stable")
    if not stable.healthy:
        raise OutsideError(
            f"the stable side {found.settings.stable} is not healthy: {stable.detail}.",
            hint="Nothing was changed: the traffic stays where it is.",
        )
    return settle(end(found, "rolled-back", "inconclusive", RETURNED), scene)


def _take_back(target: Target, below: float) -> None:
    """A weight between none and all belongs to an unfinished rollout, though another machine remembers it."""
    if not target.is_running():
        return
    weight = target.weight()
    if 0 < weight < below:
        logger.info("taking back %g %% from a rollout that this machine does not remember", weight)
        target.set_weight(0)


def _nothing(inputs: Inputs, scene: Scene, weight: float) -> Statement[document.Rollout]:
    where = scene.memory.location
    subject = last_subject(EvidenceStore(inputs.evidence)) if inputs.model is None else None
    subject = subject or _subject(inputs)
    message = f"No rollout on {inputs.target} is remembered in {where!r}; the candidate holds {weight:g} %."
    refusal = Refusal("inconclusive", (Reason(code="no-rollout", message=message),), _candidate(subject))
    return state_refusal(refusal, _terms(inputs, subject), "refused", subject.materials)


def _subject(inputs: Inputs) -> Subject:
    return find_subject(inputs.model, inputs.registry, inputs.name, EvidenceStore(inputs.evidence))


def _candidate(subject: Subject) -> Candidate:
    return Candidate(subject.name, subject.sha256, verified=False)


def _scene(inputs: Inputs) -> Scene:
    memory = open_memory(inputs.state, inputs.registry, inputs.target)
    folder = local_folder(inputs.state, inputs.target)
    time_limit = min(0.8 * inputs.interval, _LONGEST_REQUEST)
    services = Services(inputs.stable, inputs.candidate, inputs.health_path, time_limit, folder)
    target = open_target(inputs.target, services)
    least = target.capabilities.least_weight
    for step in _judged(inputs):
        if abs(step - round(step / least) * least) > _ROUNDING:
            raise InputError(f"'steps' has {step:g} %; {inputs.target} can set multiples of {least:g} %.")
    if inputs.mode not in ("run", "plan"):
        return Scene(target, Uncounted(), memory)
    return Scene(target, open_metrics(target, inputs.metrics_source, services), memory, _smoke(inputs, services))


def _judged(inputs: Inputs) -> tuple[float, ...]:
    strategy = strategy_of(inputs.strategy)
    return strategy.judged(inputs.steps or strategy.usual_steps)


def _smoke(inputs: Inputs, services: Services) -> Callable[[], Probe] | None:
    if inputs.smoke_path is None:
        return None
    asked = open_target(inputs.target, replace(services, health_path=inputs.smoke_path))
    return lambda: asked.probe("candidate")


def _terms(inputs: Inputs, subject: Subject) -> Terms:
    settings = Settings(
        target=inputs.target,
        stable=inputs.stable,
        candidate=inputs.candidate,
        steps=_judged(inputs),
        interval=inputs.interval,
        deadline=inputs.deadline,
        on_inconclusive=inputs.on_inconclusive,
        strategy=inputs.strategy,
    )
    return Terms(
        settings=settings,
        candidate=_candidate(subject),
        error_margin=inputs.error_margin,
        alpha=inputs.alpha,
        baseline=inputs.baseline or _BASELINE_LOOKS * inputs.interval,
        health_time_limit=inputs.health_timeout,
    )
