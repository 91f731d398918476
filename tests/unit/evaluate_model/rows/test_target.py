"""The target column: task, labels, positive label."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mlops_actions.errors import InputError
from mlops_actions.evaluate_model.rows.target import read_target
from mlops_actions.evidence.evaluation import Task
from mlops_actions.tables import Column


def text(*values: str) -> Column:
    categories = sorted(set(values))
    return Column(np.array([categories.index(value) for value in values]), categories=categories)


@pytest.mark.parametrize(
    ("column", "task"),
    [
        (Column(np.array([0, 1, 1])), "binary"),
        (Column(np.array([True, False])), "binary"),
        (Column(np.array([1.0, 2.0, 3.0])), "multiclass"),
        (text("a", "b", "c"), "multiclass"),
        (Column(np.array([1.5, 2.0, 3.0])), "regression"),
        (Column(np.arange(21)), "regression"),
    ],
)
def test_the_task_follows_from_the_values(column: Column, task: Task) -> None:
    assert (
        read_target("y", column, None, "1" if task == "binary" and column.values.dtype.kind == "i" else None).task
        == task
    )


@pytest.mark.parametrize(
    ("column", "positive", "labels", "truth"),
    [
        (Column(np.array([0, 1, 1])), None, (0, 1), [0, 1, 1]),
        (Column(np.array([0, 1, 1])), "0", (1, 0), [1, 0, 0]),
        (Column(np.array([0.0, 1.0])), None, (0, 1), [0, 1]),
        (Column(np.array([False, True])), None, (False, True), [0, 1]),
        (Column(np.array([False, True])), "False", (True, False), [1, 0]),
        (Column(np.array([3, 7])), "3", (7, 3), [1, 0]),
        (text("no", "yes", "no"), "no", ("yes", "no"), [1, 0, 1]),
    ],
)
def test_the_positive_label_is_the_second(column: Column, positive: str | None, labels: Any, truth: list[int]) -> None:
    target = read_target("y", column, "binary", positive)
    assert target.labels == labels
    assert target.truth.tolist() == truth


def test_codes_of_text_are_of_the_values_that_occur() -> None:
    column = Column(np.array([3, 1, 3]), categories=["a", "b", "c", "d"])
    target = read_target("y", column, "multiclass", None)
    assert (target.labels, target.truth.tolist()) == (("b", "d"), [1, 0, 1])


@pytest.mark.parametrize(
    ("column", "task", "positive", "message"),
    [
        (
            Column(np.array([3, 7])),
            None,
            None,
            "positive-label: 'y' holds '3', '7': which of them is the positive one?",
        ),
        (text("no", "yes"), None, "yess", "positive-label: 'yess' is not a value of 'y'. Did you mean 'yes'?"),
        (text("1", "2"), "regression", None, "target: 'y' does not hold numbers only, which a regression needs."),
        (
            Column(np.arange(3.0)),
            "regression",
            "1",
            "positive-label: a regression has no positive label. Leave it out.",
        ),
        (text("a", "b", "c"), None, "a", "positive-label: a multiclass target has no positive label. Leave it out."),
        (Column(np.arange(500) / 3), "multiclass", None, "task: 'y' has 500 different numbers. Use task: regression."),
        (
            Column(np.array(["2020-01-01"], dtype="datetime64[us]")),
            None,
            None,
            "target: 'y' holds neither numbers, booleans nor text. Name another column.",
        ),
    ],
)
def test_a_target_that_does_not_fit_is_refused(
    column: Column, task: Task | None, positive: str | None, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        read_target("y", column, task, positive)
    assert str(caught.value).startswith(message)
