"""Models may know their classes in any order."""

from __future__ import annotations

import numpy as np
import pytest

from mlops_actions.evaluate_model.comparison.predictions import all_classes, predictions_of
from mlops_actions.evaluate_model.rows.target import Label, Target
from mlops_actions.evaluate_model.scoring.answer import Answer, MisbehaviourError


def answer(classes: tuple[Label, ...], probabilities: list[list[float]]) -> Answer:
    return Answer(classes, np.array(probabilities), None, None, 0.0, 0.0, ())


def test_the_positive_class_is_found_wherever_it_stands() -> None:
    target = Target("y", "binary", np.array([0, 1]), ("yes", "no"))
    found = predictions_of(target, answer(("no", "yes"), [[0.9, 0.1], [0.2, 0.8]]), target.labels, 0.5)
    assert found.scores is not None
    assert found.labels is not None
    assert (found.scores.tolist(), found.labels.tolist()) == ([0.9, 0.2], [1, 0])


def test_a_row_at_the_threshold_is_positive() -> None:
    target = Target("y", "binary", np.array([0, 1]), (0, 1))
    found = predictions_of(target, answer((0, 1), [[0.3, 0.7], [0.31, 0.69]]), target.labels, 0.7)
    assert found.labels is not None
    assert found.labels.tolist() == [1, 0]


def test_classes_that_only_a_model_knows_come_last() -> None:
    target = Target("y", "multiclass", np.array([0, 1]), ("b", "c"))
    model = answer(("a", "b", "c"), [[0.1, 0.7, 0.2], [0.5, 0.2, 0.3]])
    classes = all_classes(target, [model])
    found = predictions_of(target, model, classes, 0.5)
    assert classes == ("b", "c", "a")
    assert found.scores is not None
    assert found.labels is not None
    assert found.scores.tolist() == [[0.7, 0.2, 0.1], [0.2, 0.3, 0.5]]
    assert found.labels.tolist() == [0, 2]


def test_booleans_and_numbers_are_the_same_labels() -> None:
    target = Target("y", "binary", np.array([0, 1]), (0, 1))
    found = predictions_of(target, answer((False, True), [[0.3, 0.7], [0.6, 0.4]]), target.labels, 0.5)
    assert found.labels is not None
    assert found.labels.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (("0", "1"), "its own are text, those of the data numbers; store the target as in training."),
        (("no", "yes"), "and 'y' holds '0', '1'; it was trained on another target."),
        ((0, 1, 2), "tells 3 classes apart ('0', '1', '2'), and 'y' holds two; give `task: multiclass`."),
    ],
)
def test_labels_that_differ_are_explained(classes: tuple[Label, ...], message: str) -> None:
    target = Target("y", "binary", np.array([0, 1]), (0, 1))
    shares = [1 / len(classes)] * len(classes)
    with pytest.raises(MisbehaviourError) as caught:
        predictions_of(target, answer(classes, [shares, shares]), (0, 1), 0.5)
    assert caught.value.code == "labels-differ"
    assert caught.value.message.endswith(message)
