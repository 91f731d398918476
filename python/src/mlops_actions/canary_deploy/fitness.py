"""Whether a rollout still is what it was: its candidate healthy, its model and its servers the same."""

from __future__ import annotations

from mlops_actions import cancellation
from mlops_actions.canary_deploy.rollout import Candidate, Rollout
from mlops_actions.canary_deploy.scene import Scene
from mlops_actions.canary_deploy.servers import Probe
from mlops_actions.canary_deploy.targets import Target
from mlops_actions.errors import InputError
from mlops_actions.evidence import Reason

_PROBES = 3
_PAUSE = 0.2


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


def refuse_other_servers(found: Rollout, stable: str, candidate: str, scene: Scene) -> None:
    """InputError where a rollout is between other servers than those that are named now."""
    servers = (found.settings.stable, found.settings.candidate)
    if servers == (stable, candidate):
        return
    state, what = ("was the last", "return from it") if found.is_over else ("has not ended", "run it to its end")
    raise InputError(
        f"a rollout between other servers {state}: stable {servers[0]}, candidate {servers[1]}.",
        where=scene.memory.location,
        hint=f"Name these to {what}{'' if found.is_over else ', or give `mode: abort`'}.",
    )
