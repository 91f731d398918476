"""Candidate and champion on the same rows: their answers, and the sample that all metrics are estimated from."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_actions.evaluate_model.answer import Answer, MisbehaviourError
from mlops_actions.evaluate_model.asked import cost_matrix
from mlops_actions.evaluate_model.candidate import Candidate
from mlops_actions.evaluate_model.exchange import ModelFile
from mlops_actions.evaluate_model.predictions import all_classes, predictions_of
from mlops_actions.evaluate_model.sandbox import Limits, Sandbox, choose, find_interpreter
from mlops_actions.evaluate_model.scoring import score
from mlops_actions.evaluate_model.target import shown
from mlops_actions.evaluate_model.testset import TestSet
from mlops_actions.evidence import Reason
from mlops_actions.registries.reference import Model
from mlops_actions.statistics.sample import Sample

if TYPE_CHECKING:
    from mlops_actions.evaluate_model.action import Inputs

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Scored:
    """What scoring both models left."""

    candidate: Answer
    champion: Answer | None
    reasons: tuple[Reason, ...] = ()
    """Why the champion could not be scored."""

    @property
    def answers(self) -> list[Answer]:
        """The candidate's, and the champion's where there is one."""
        return [one for one in (self.candidate, self.champion) if one]


def score_both(
    inputs: Inputs, candidate: Candidate, champion: Model | None, test_set: TestSet, sandbox: Sandbox | None
) -> Scored:
    """Predictions of candidate and champion; a champion that cannot be scored leaves a reason.

    Raises MisbehaviourError for what speaks against the candidate.
    """
    own = candidate.predict()
    if champion is None:
        return Scored(own, None)
    if champion.sha256 == candidate.sha256 and inputs.champion_python is None:
        log.info("The model is the champion.")
        return Scored(own, own)
    if inputs.champion_python is not None:
        limits = Limits.of(inputs.memory_limit, inputs.disk_limit)
        sandbox = choose(inputs.isolation, find_interpreter(inputs.champion_python, "champion-python"), limits)
    assert sandbox is not None
    try:
        file = ModelFile(champion.path, champion.sha256, "champion", tuple(inputs.trusted_types))
        answer = score(file, test_set, sandbox, inputs.time_limit)
        predictions_of(test_set.target, answer, all_classes(test_set.target, [answer]), inputs.decision_threshold)
    except MisbehaviourError as error:
        reason = Reason(code="champion-not-scored", message=f"The champion {error.message}", where=champion.reference)
        return Scored(own, None, (reason,))
    return Scored(own, answer)


def sample_of(inputs: Inputs, test_set: TestSet, scored: Scored) -> Sample:
    """The rows with both models' predictions, in one order of classes."""
    target = test_set.target
    classes = all_classes(target, scored.answers)
    models = [predictions_of(target, answer, classes, inputs.decision_threshold) for answer in scored.answers]
    champion = models[1] if len(models) > 1 else None
    labels = tuple(shown(label) for label in classes)
    return Sample(
        task=target.task,
        truth=target.truth,
        candidate=models[0],
        champion=champion,
        design=test_set.sampling,
        classes=max(len(classes), 2),
        labels=labels,
        costs=cost_matrix(inputs.costs, labels),
    )
