"""The first deployment: there is no stable side yet, so that nothing can be compared."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from mlops_actions.canary_deploy.hooks import Moment
from mlops_actions.canary_deploy.opening import Refusal, check_candidate
from mlops_actions.canary_deploy.scene import Scene, conducting, open_scene, patiently
from mlops_actions.canary_deploy.statement import state_first, state_refusal
from mlops_actions.canary_deploy.terms import NO_STABLE, Terms, subject_of, terms_of
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evidence import Reason, Statement
from mlops_actions.evidence import rollout as document

if TYPE_CHECKING:
    from mlops_actions.canary_deploy.action import Inputs

logger = logging.getLogger(__name__)

_PROXIES = ("envoy", "exec", "haproxy", "traefik")
"""Kinds of targets that route whatever stands behind them; with the others, what is applied first serves at once."""


def deploy_first(inputs: Inputs) -> Statement[document.Rollout]:
    """Give the candidate all traffic once it is healthy, the right model and its smoke checks pass.

    InputError where there is no smoke check: nothing would be known then. Where traffic flows already, only the user
    knows, and says `stable: none`.
    """
    if inputs.smoke_path is None and inputs.before_step is None:
        raise InputError(
            f"with `stable: {NO_STABLE}` the candidate is compared with nothing, and nothing checks it.",
            where="smoke-path",
            hint="Give 'smoke-path', a path that it has to answer, or 'before-step', a command that tries it.",
        )
    scene, subject = open_scene(inputs), subject_of(inputs)
    terms = terms_of(inputs, subject)
    if scene.target.kind not in _PROXIES:
        raise InputError(
            f"{inputs.target} needs no rollout for a first deployment: what is applied first gets all traffic.",
            where="stable",
            hint=f"Apply the manifest; `stable: {NO_STABLE}` is for proxies.",
        )
    with conducting(scene.memory):
        _refuse_unfinished(terms, scene)
        candidate = check_candidate(terms, scene)
        if isinstance(candidate, Refusal):
            return state_refusal(candidate, terms, "refused", subject.materials)
        if refusal := _hooked(terms, scene):
            return state_refusal(refusal, terms, "refused", subject.materials)
        logger.info("there is no stable side: %s gets all traffic", terms.settings.candidate)
        scene.target.prepare()
        patiently(lambda: scene.target.set_weight(100, expected=0))
    return state_first(candidate, terms, subject.materials)


def _refuse_unfinished(terms: Terms, scene: Scene) -> None:
    """InputError where a rollout is remembered that the next run would go on with, at its own weight."""
    found = scene.memory.load()
    if found and not found.is_over:
        raise InputError(
            f"a rollout of the model {found.candidate.sha256[:12]} has not ended on {terms.settings.target}, so that "
            "this is no first deployment.",
            where=scene.memory.location,
            hint=f"Name its server as 'stable' ({found.settings.stable}) to run it to its end, or give `mode: abort`.",
        )


def _hooked(terms: Terms, scene: Scene) -> Refusal | None:
    candidate, settings = terms.candidate, terms.settings
    moment = Moment(
        "before-step", 1, 0, 100.0, settings.stable, settings.candidate, candidate.name, candidate.sha256
    )  # fmt: skip
    try:
        scene.hooks.call(moment)
    except OutsideError as error:
        return Refusal(
            "fail", (Reason(code="hook-failed", message=f"The hook 'before-step' failed: {error}"),), candidate
        )
    return None
