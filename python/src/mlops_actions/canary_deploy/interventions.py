"""What people and jobs do about a rollout from outside: look at it, or end it."""

from __future__ import annotations

import logging
import math
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from mlops_actions.canary_deploy.conduct import RETURNED, answer, settle
from mlops_actions.canary_deploy.fitness import refuse_other_servers
from mlops_actions.canary_deploy.following import is_same
from mlops_actions.canary_deploy.memory import Request
from mlops_actions.canary_deploy.memory.holder import myself
from mlops_actions.canary_deploy.opening import Refusal
from mlops_actions.canary_deploy.rollout import Candidate, Rollout, end
from mlops_actions.canary_deploy.scene import Scene, open_scene
from mlops_actions.canary_deploy.statement import state_refusal, state_rollout
from mlops_actions.canary_deploy.subject import last_subject, materials_of
from mlops_actions.canary_deploy.targets import Target
from mlops_actions.canary_deploy.terms import subject_of, terms_of
from mlops_actions.ci import current
from mlops_actions.errors import InputError, MlopsError, OutsideError
from mlops_actions.evidence import EvidenceStore, Reason, Statement
from mlops_actions.evidence import rollout as document

if TYPE_CHECKING:
    from mlops_actions.canary_deploy.action import Inputs

logger = logging.getLogger(__name__)

_OTHER_PROCESS = 30.0
"""Seconds that an abort waits, besides one interval, for the process that runs the rollout."""


def status(inputs: Inputs) -> Statement[document.Rollout]:
    """Tell how the newest rollout stands; nothing is changed."""
    scene = open_scene(inputs)
    found = scene.memory.load()
    if found is None:
        return _nothing(inputs, scene, scene.target.weight())
    weight = scene.target.weight()
    logger.info("the candidate's weight is %g %%", weight)
    message = f"The proxy holds {weight:g} %, the rollout had set {found.weight:g} %."
    notes = [] if is_same(weight, found.weight) else [Reason(code="weight-differs", message=message)]
    if notes and found.ending and found.ending.result == "pass":
        # Traffic that was taken away since is no promotion any more.
        found = replace(found, ending=replace(found.ending, result="inconclusive"))
    return state_rollout(found, materials_of(found.candidate.sha256, EvidenceStore(inputs.evidence)), notes)


def abort(inputs: Inputs) -> Statement[document.Rollout]:
    """End an unfinished rollout, whoever conducts it; in mode `return` a finished one too, in `stop` the proxy."""
    scene, request = open_scene(inputs), _request("abort")
    with _taken(inputs, scene, request) as found:
        if found and not found.is_over:
            scene.target.reach()
            found = settle(found if found.ending else answer(found, request, scene), scene)
        elif found and inputs.mode == "return":
            found = _return(found, inputs, scene)
        elif found is None:
            _take_back(scene.target, below=100 if inputs.mode != "return" else math.inf)
        if inputs.mode == "stop" and scene.target.stop():
            logger.info("what was started for the rollout was stopped")
    if found is None:
        return _nothing(inputs, scene, 0.0)
    return state_rollout(found, materials_of(found.candidate.sha256, EvidenceStore(inputs.evidence)))


def promote(inputs: Inputs) -> Statement[document.Rollout]:
    """Give a candidate that is still being judged, or is held, all traffic: a person's decision, told with who took it.

    One that is not well is rolled back instead. InputError where it was rolled back before; nothing is changed then.
    """
    scene, request = open_scene(inputs), _request("promote")
    with _taken(inputs, scene, request) as found:
        if found is None:
            return _nothing(inputs, scene, scene.target.weight())
        if found.ending and not found.is_over:
            scene.target.reach()
            found = settle(found, scene)  # it was killed on its way to its end
        if found.ending is None or found.ending.outcome == "held":
            refuse_other_servers(found, inputs.stable, inputs.candidate, scene)
            scene.target.reach()
            found = settle(answer(found, request, scene), scene)
        elif found.weight == 0:
            raise InputError(
                f"the candidate {found.candidate.sha256[:12]} was rolled back; it cannot be promoted any more.",
                where=scene.memory.location,
                hint="Run a new rollout.",
            )
    return state_rollout(found, materials_of(found.candidate.sha256, EvidenceStore(inputs.evidence)))


@contextmanager
def _taken(inputs: Inputs, scene: Scene, request: Request) -> Iterator[Rollout | None]:
    """The newest rollout, once whoever conducts it has heard the request.

    Users need not wait for a registry that is lost, a run that does not hear or a state that nobody can read: an abort
    takes the traffic back all the same, and then fails.
    """
    with ExitStack() as held:
        try:
            scene.memory.ask(request)
            held.enter_context(scene.memory.lock(patience=inputs.interval + _OTHER_PROCESS))
            scene.memory.forget_request(request)
            found = scene.memory.load()
        except MlopsError:
            if request.what == "abort":
                _take_back(scene.target, below=100)
            raise
        yield found


def _request(what: Literal["abort", "promote"]) -> Request:
    context = current().context()
    return Request(what, context.actor or myself(context.run_url).run, secrets.token_hex(8))


def _return(found: Rollout, inputs: Inputs, scene: Scene) -> Rollout:
    """The stable side of a rollout that is over was kept, and takes all traffic again, if it is still well."""
    if found.weight == 0:
        return found
    refuse_other_servers(found, inputs.stable, inputs.candidate, scene)
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
        logger.info("taking back %g %% from a rollout that is not remembered here", weight)
        target.set_weight(0)


def _nothing(inputs: Inputs, scene: Scene, weight: float) -> Statement[document.Rollout]:
    where = scene.memory.location
    subject = last_subject(EvidenceStore(inputs.evidence)) if inputs.model is None else None
    subject = subject or subject_of(inputs)
    message = f"No rollout on {inputs.target} is remembered in {where!r}; the candidate holds {weight:g} %."
    refusal = Refusal(
        "inconclusive",
        (Reason(code="no-rollout", message=message),),
        Candidate(subject.name, subject.sha256, verified=False),
    )
    return state_refusal(refusal, terms_of(inputs, subject), "refused", subject.materials)
