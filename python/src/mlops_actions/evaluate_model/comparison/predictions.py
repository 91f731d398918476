"""Answers of models that may know their classes in any order, as predictions of one target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlops_actions.evaluate_model.rows.target import Label, Target, shown
from mlops_actions.evaluate_model.scoring.answer import Answer, MisbehaviourError
from mlops_actions.statistics.sample import Predictions


def predictions_of(target: Target, answer: Answer, classes: Sequence[Label], threshold: float) -> Predictions:
    """A model's answer in terms of `classes`, which holds every class of target and model.

    Raises MisbehaviourError when the model does not know a label of the target.
    """
    if target.task == "regression":
        return Predictions(values=answer.values)
    if target.task == "scores":
        return Predictions(rows=answer.rows)
    _require_labels(target, answer)
    if target.task == "multiclass":
        return _multiclass(answer, classes)
    if len(answer.classes) != 2:
        raise MisbehaviourError(
            "labels-differ",
            f"tells {len(answer.classes)} classes apart ({_listed(answer.classes)}), and {target.name!r} holds two; "
            "give `task: multiclass`.",
        )
    positive = answer.classes.index(target.labels[1])
    if answer.probabilities is not None:
        scores = np.ascontiguousarray(answer.probabilities[:, positive])
        return Predictions(labels=(scores >= threshold).astype(np.intp), scores=scores)
    assert answer.codes is not None
    return Predictions(labels=(answer.codes == positive).astype(np.intp))


def all_classes(target: Target, answers: Sequence[Answer]) -> tuple[Label, ...]:
    """The classes of a target, then those that only models know."""
    known = [*target.labels, *(label for answer in answers for label in answer.classes)]
    return tuple(dict.fromkeys(known))


def _multiclass(answer: Answer, classes: Sequence[Label]) -> Predictions:
    places = np.array([classes.index(label) for label in answer.classes])
    if answer.probabilities is None:
        return Predictions(labels=_recoded(answer.codes, places))
    scores = np.zeros((len(answer.probabilities), len(classes)))
    scores[:, places] = answer.probabilities
    return Predictions(labels=_recoded(answer.probabilities.argmax(axis=1), places), scores=scores)


def _recoded(codes: NDArray[Any] | None, places: NDArray[np.intp]) -> NDArray[np.intp]:
    return places[codes]


def _require_labels(target: Target, answer: Answer) -> None:
    strange = [label for label in target.labels if label not in answer.classes]
    if not strange:
        return
    message = f"knows the labels {_listed(answer.classes)}, and {target.name!r} holds {_listed(target.labels)}"
    if {shown(label) for label in target.labels} <= {shown(label) for label in answer.classes}:
        kinds = [_kind(answer.classes[0]), _kind(target.labels[0])]
        raise MisbehaviourError(
            "labels-differ",
            f"{message}: its own are {kinds[0]}, those of the data {kinds[1]}; store the target as in training.",
        )
    raise MisbehaviourError("labels-differ", f"{message}; it was trained on another target.")


def _kind(label: Label) -> str:
    return "text" if isinstance(label, str) else "booleans" if isinstance(label, bool) else "numbers"


def _listed(labels: Sequence[Label]) -> str:
    found = ", ".join(repr(shown(label)[:40]) for label in labels[:5])
    return found if len(labels) <= 5 else f"{found}, … ({len(labels)})"
