"""The modes that begin a rollout or go on with one, and the one that only looks ahead."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from mlops_actions.canary_deploy.conduct import Visit, conduct
from mlops_actions.canary_deploy.first import deploy_first
from mlops_actions.canary_deploy.fitness import no_longer_fit, refuse_other_servers
from mlops_actions.canary_deploy.opening import Refusal, open_rollout, plan_rollout
from mlops_actions.canary_deploy.rollout import Rollout, end, resume
from mlops_actions.canary_deploy.scene import Scene, conducting, open_scene
from mlops_actions.canary_deploy.statement import state_refusal, state_rollout
from mlops_actions.canary_deploy.terms import NO_STABLE, Terms, subject_of, terms_of
from mlops_actions.ci import current
from mlops_actions.errors import InputError
from mlops_actions.evidence import Statement
from mlops_actions.evidence import rollout as document

if TYPE_CHECKING:
    from mlops_actions.canary_deploy.action import Inputs

logger = logging.getLogger(__name__)


def roll_out(inputs: Inputs) -> Statement[document.Rollout]:
    """Run a rollout from its first weight, or from where it was left, to its end, or in `advance` a step further."""
    if inputs.stable == NO_STABLE:
        return deploy_first(inputs)
    _refuse_itself(inputs)
    scene, subject = open_scene(inputs), subject_of(inputs)
    terms = terms_of(inputs, subject)
    visit = _visit(inputs, scene)
    with conducting(scene.memory):
        if visit and (ended := _ended_before(terms, scene)):
            return state_rollout(ended, subject.materials)
        found = _left_behind(terms, scene) or open_rollout(terms, scene)
        if isinstance(found, Refusal):
            return state_refusal(found, terms, "refused", subject.materials)
        return state_rollout(conduct(found, scene, visit), subject.materials)


def _visit(inputs: Inputs, scene: Scene) -> Visit | None:
    """What one run of `advance` is; InputError where the next one would not find what it remembers."""
    if inputs.mode != "advance":
        return None
    if folder := scene.memory.folder:
        lost = next((one for one in current().passing_folders() if folder.resolve().is_relative_to(one)), None)
        if lost:
            raise InputError(
                f"the rollout would be forgotten with this job: nothing below {str(lost)!r} outlasts it, and it is "
                f"remembered in {scene.memory.location!r}.",
                where="state",
                hint="Write s3://bucket/folder, gs://…, az://…, or file:/folder on a disk that all runs share.",
            )
    return Visit(inputs.window, inputs.unattended_weight)


def _ended_before(terms: Terms, scene: Scene) -> Rollout | None:
    """The same rollout, where a run before has ended it: a schedule must not begin it anew."""
    found = scene.memory.load()
    if found is None or not found.is_over or found.candidate.sha256 != terms.candidate.sha256:
        return None
    if (found.settings.stable, found.settings.candidate) != (terms.settings.stable, terms.settings.candidate):
        return None
    assert found.ending is not None
    logger.info(
        "the rollout of this model between these servers has ended: %s; another model or `mode: run` begins a new one",
        found.ending.outcome,
    )
    return found


def plan_ahead(inputs: Inputs) -> Statement[document.Rollout]:
    """Say what a rollout would take; nothing is changed."""
    if inputs.stable == NO_STABLE:
        raise InputError("with `stable: none` nothing is compared, so there is nothing to plan.", where="mode")
    _refuse_itself(inputs)
    scene, subject = open_scene(inputs), subject_of(inputs)
    terms = terms_of(inputs, subject)
    return state_refusal(plan_rollout(terms, scene), terms, "planned", subject.materials)


def _refuse_itself(inputs: Inputs) -> None:
    if inputs.stable == inputs.candidate:
        raise InputError(
            f"the inputs 'stable' and 'candidate' are both {inputs.stable}; a server is as good as itself.",
            hint="Let the candidate listen on an address of its own.",
        )


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
    refuse_other_servers(found, terms.settings.stable, terms.settings.candidate, scene)
    what = "going on with a rollout that has waited" if found.pause else "taking up a rollout that was left behind"
    logger.info("%s after %d looks, as it was set up then", what, len(found.looks))
    scene.target.reach()
    found = resume(found, scene.target.weight())
    if (found.weight > 0 or found.pause) and (reason := no_longer_fit(found.candidate, scene.target)):
        return end(found, "rolled-back", "fail", reason)
    return found
