"""How long calls of the model and of its champion take, measured in turns, where that is asked."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from mlops_actions.errors import InputError
from mlops_actions.evaluate_model.comparison.champion import Rival
from mlops_actions.evaluate_model.comparison.pairing import Scored, sandbox_of
from mlops_actions.evaluate_model.rows.testset import TestSet
from mlops_actions.evaluate_model.sandbox import Sandbox
from mlops_actions.evaluate_model.scoring.answer import MisbehaviourError
from mlops_actions.evaluate_model.scoring.exchange import ModelFile
from mlops_actions.evaluate_model.scoring.turns import Player, in_turns
from mlops_actions.evidence import Reason
from mlops_actions.registries.reference import Model

if TYPE_CHECKING:
    from mlops_actions.evaluate_model.action import Inputs

log = logging.getLogger(__name__)


def check_comparable(inputs: Inputs) -> None:
    """Raise InputError where latency is to be compared and cannot be."""
    if not inputs.compare_latency:
        return
    if inputs.model is None or inputs.predictions or inputs.endpoint:
        message = "only a model that is scored here can be timed beside its champion."
        raise InputError(message, where="compare-latency", hint="Give `model` alone, or leave compare-latency out.")
    if not inputs.latency_repeats:
        message = "with `latency-repeats: 0` nothing is timed."
        raise InputError(message, where="compare-latency", hint="Leave latency-repeats out: it is 12.")


def with_turns(
    scored: Scored,
    inputs: Inputs,
    model: Model | None,
    rivals: Mapping[Rival, Model],
    test_set: TestSet,
    sandbox: Sandbox | None,
) -> Scored:
    """The same with `turns`; a champion that cannot be timed leaves a reason.

    It runs even where its predictions are kept. Raises MisbehaviourError for what speaks against the model.
    """
    champion = rivals.get("champion")
    if not inputs.compare_latency or champion is None:
        return scored
    assert model is not None
    assert sandbox is not None
    log.info("Timing the model and the champion in turns.")
    its_own = sandbox_of(inputs, "champion", champion, inputs.champion_python, sandbox)
    players = [
        Player(ModelFile(one.path, one.sha256, name, tuple(inputs.trusted_types)), place)
        for name, one, place in (("model", model, sandbox), ("champion", champion, its_own))
    ]
    try:
        own, other = in_turns(players, test_set, inputs.time_limit, inputs.latency_repeats)
    except MisbehaviourError as error:
        if error.model == "model":
            raise
        message = f"The champion, timed beside the model, {error.message}"
        reason = Reason(code="champion-not-timed", message=message, where=champion.reference)
        return replace(scored, reasons=(*scored.reasons, reason))
    return replace(scored, turns=(own, other))
