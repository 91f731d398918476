"""Candidate, champion and anchor on the same rows: their answers, and the samples that metrics are estimated from."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from mlops_actions.evaluate_model.comparison.asked import cost_matrix
from mlops_actions.evaluate_model.comparison.candidate import Candidate
from mlops_actions.evaluate_model.comparison.champion import Rival
from mlops_actions.evaluate_model.comparison.predictions import all_classes, predictions_of
from mlops_actions.evaluate_model.own_metrics.computing import Role
from mlops_actions.evaluate_model.rows.target import Label, Target, shown
from mlops_actions.evaluate_model.rows.testset import TestSet
from mlops_actions.evaluate_model.sandbox import Limits, Sandbox, choose, find_interpreter
from mlops_actions.evaluate_model.scoring.answer import Answer, MisbehaviourError
from mlops_actions.evaluate_model.scoring.exchange import ModelFile
from mlops_actions.evaluate_model.scoring.kept_predictions import kept_predictions
from mlops_actions.evaluate_model.scoring.own_environment import own_interpreter
from mlops_actions.evaluate_model.scoring.score import score
from mlops_actions.evidence import Material, Reason
from mlops_actions.registries.reference import Model
from mlops_actions.statistics.clusters import Floats
from mlops_actions.statistics.latency import Repeats
from mlops_actions.statistics.sample import Predictions, Sample

if TYPE_CHECKING:
    from mlops_actions.evaluate_model.action import Inputs

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class OwnNumbers:
    """What metrics of the user's own gave, by role and by name."""

    rows: Mapping[Role, Mapping[str, Floats]] = field(default_factory=dict)
    """A number a row (n,)."""
    points: Mapping[Role, Mapping[str, float]] = field(default_factory=dict)
    """One number for all rows."""


@dataclass(frozen=True)
class Scored:
    """What scoring the models left."""

    candidate: Answer
    rivals: Mapping[Rival, Answer] = field(default_factory=dict)
    reasons: tuple[Reason, ...] = ()
    """Why a rival could not be scored."""
    materials: tuple[Material, ...] = ()
    """Predictions of rivals that were kept in the registry."""
    turns: tuple[Repeats, Repeats] | None = None
    """How long calls of the candidate and of the champion took, side by side, where that was asked."""
    trained: NDArray[Any] | None = None
    """The target in the candidate's training data, coded as the test set's, where that is known."""
    own: OwnNumbers = field(default_factory=OwnNumbers)
    """What metrics of the user's own gave for each model."""

    def classes(self, target: Target) -> tuple[Label, ...]:
        """The target's, then those that only models know."""
        return all_classes(target, [self.candidate, *self.rivals.values()])


def score_all(
    inputs: Inputs, candidate: Candidate, rivals: Mapping[Rival, Model], test_set: TestSet, sandbox: Sandbox | None
) -> Scored:
    """Predictions of the candidate and its rivals; a rival that cannot be scored leaves a reason.

    Raises MisbehaviourError for what speaks against the candidate.
    """
    own = candidate.predict()
    if test_set.target.task == "scores":
        return _beside(own, candidate, rivals)
    answers: dict[Rival, Answer] = {}
    reasons, materials = [], []
    for role, rival in rivals.items():
        interpreter = inputs.champion_python if role == "champion" else None
        if rival.sha256 == candidate.sha256 and interpreter is None:
            log.info("The model is the %s.", role)
            answers[role] = own
            continue
        assert sandbox is not None
        kept = kept_predictions(rival, test_set, sandbox.level, inputs.registry, inputs.name)
        if kept and interpreter is None:
            log.info("The %s's predictions of these rows are kept in the registry: it does not run again.", role)
            answers[role] = kept[0]
            materials.append(kept[1])
            continue
        try:
            its_own = sandbox_of(inputs, role, rival, interpreter, sandbox)
            answers[role] = _rival(inputs, role, rival, test_set, its_own)
        except MisbehaviourError as error:
            message = f"The {role} {error.message}"
            reasons.append(Reason(code=f"{role}-not-scored", message=message, where=rival.reference))
    return Scored(own, answers, tuple(reasons), tuple(materials))


def _beside(own: Answer, candidate: Candidate, rivals: Mapping[Rival, Model]) -> Scored:
    """Scores that were made elsewhere are not made here for the champion either."""
    if (champion := rivals.get("champion")) is None:
        return Scored(own)
    if (found := candidate.beside()) is not None:
        return Scored(own, {"champion": found})
    message = (
        "The champion has no scores: the predictions hold no column "
        f"{', '.join(repr(f'champion_{name}') for name in own.rows)}."
    )
    return Scored(own, reasons=(Reason(code="champion-not-scored", message=message, where=champion.reference),))


def sample_of(inputs: Inputs, test_set: TestSet, scored: Scored, rival: Rival = "champion") -> Sample:
    """The rows with the candidate's predictions and a rival's, in one order of classes."""
    target, classes = test_set.target, scored.classes(test_set.target)
    labels = tuple(shown(label) for label in classes)

    def predicted(answer: Answer, role: Role) -> Predictions:
        found = predictions_of(target, answer, classes, inputs.decision_threshold)
        return replace(found, rows={**found.rows, **scored.own.rows.get(role, {})})

    other = scored.rivals.get(rival)
    return Sample(
        task=target.task,
        truth=target.truth,
        candidate=predicted(scored.candidate, "candidate"),
        champion=predicted(other, rival) if other else None,
        design=test_set.sampling,
        classes=max(len(classes), 2),
        labels=labels,
        costs=cost_matrix(inputs.costs, labels),
    )


def sandbox_of(inputs: Inputs, role: Rival, model: Model, interpreter: str | None, sandbox: Sandbox) -> Sandbox:
    """With the interpreter that was named for a rival, or the one that has the versions it was evaluated with."""
    if interpreter is not None:
        found = find_interpreter(interpreter, "champion-python")
    else:
        found = own_interpreter(role, model, inputs.registry, inputs.name, sandbox.interpreter)
    if found == sandbox.interpreter:
        return sandbox
    return choose(inputs.isolation, found, Limits.of(inputs.memory_limit, inputs.disk_limit))


def _rival(inputs: Inputs, role: Rival, model: Model, test_set: TestSet, sandbox: Sandbox) -> Answer:
    file = ModelFile(model.path, model.sha256, role, tuple(inputs.trusted_types))
    answer = score(file, test_set, sandbox, inputs.time_limit, 0)
    predictions_of(test_set.target, answer, all_classes(test_set.target, [answer]), inputs.decision_threshold)
    return answer
