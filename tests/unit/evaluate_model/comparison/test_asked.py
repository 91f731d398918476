"""Which metrics an evaluation estimates, and what it says of those that it cannot."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from mlops_actions.errors import InputError
from mlops_actions.evaluate_model.comparison.asked import asked_metrics, check_names, cost_matrix
from mlops_actions.evaluate_model.rows.target import Target
from mlops_actions.statistics.metrics import metrics_for

BINARY = Target("late", "binary", np.array([0, 1]), (False, True))
WHERE = Target("where", "multiclass", np.array([0, 1, 2]), ("AA", "B6", "DL"))
NUMBER = Target("delay", "regression", np.array([0.5, 1.0]))


@dataclass
class Inputs:
    metrics: list[str] | None = None
    thresholds: list[float] = field(default_factory=list)
    costs: list[str] = field(default_factory=list)


def test_without_names_all_of_the_task_are_estimated() -> None:
    assert asked_metrics(Inputs(), BINARY) == metrics_for("binary")
    assert asked_metrics(Inputs(costs=["true as false = 5"]), BINARY) == (*metrics_for("binary"), "cost")


def test_all_stands_beside_further_names() -> None:
    names = asked_metrics(Inputs(["all", "recall @ .30", "fbeta(2.0)"]), BINARY)
    assert names == (*metrics_for("binary"), "recall@0.3", "fbeta(2)")


def test_a_threshold_adds_every_metric_of_labels() -> None:
    names = asked_metrics(Inputs(["recall", "roc_auc", "recall@0.7", "cost"], [0.3], ["true as false = 5"]), BINARY)
    assert names == ("recall", "recall@0.3", "roc_auc", "recall@0.7", "cost", "cost@0.3")


def test_a_class_is_one_of_the_target() -> None:
    assert asked_metrics(Inputs(['recall("B6")']), WHERE) == ('recall("B6")',)


@pytest.mark.parametrize(
    ("inputs", "target", "message"),
    [
        (Inputs(["acuracy"]), BINARY, "metrics: there is no metric 'acuracy'. Did you mean 'accuracy'?"),
        (Inputs(["fbeta"]), BINARY, "metrics: fbeta needs its beta. Write fbeta(2)."),
        (
            Inputs(["recall@0.3"]),
            NUMBER,
            "metrics: 'recall@0.3' is no metric of task 'regression'. "
            "Known: mae, mse, rmse, mape, median_absolute_error, r2.",
        ),
        (
            Inputs(['recall("BB")']),
            WHERE,
            "metrics: recall(\"BB\"): 'BB' is no class of 'where'. Known: AA, B6, DL.",
        ),
        (Inputs(["cost"]), BINARY, "metrics: 'cost' needs costs. Give `costs: no as yes = 1, yes as no = 5`."),
        (Inputs(thresholds=[0.3]), WHERE, "thresholds: a task 'multiclass' has no thresholds. Leave them out."),
        (
            Inputs(costs=["true, false"]),
            BINARY,
            "costs: 'true, false' is no cost. Write `truth as prediction = cost`: `late as punctual = 10`.",
        ),
    ],
)
def test_what_cannot_be_estimated_is_refused(inputs: Inputs, target: Target, message: str) -> None:
    with pytest.raises(InputError) as refusal:
        asked_metrics(inputs, target)
    assert str(refusal.value) == message


def test_names_are_checked_before_the_task_is_known() -> None:
    check_names(Inputs(["all", "recall@0.3", "mae"], [0.2], ["a as b = 1"]), None)
    with pytest.raises(InputError, match="there is no metric 'maa'"):
        check_names(Inputs(["maa"]), None)


def test_costs_stand_at_their_classes() -> None:
    matrix = cost_matrix(["AA as home town = 2.5", "home town as AA = -1"], ["AA", "home town"])
    assert matrix is not None
    assert matrix.tolist() == [[0, 2.5], [-1, 0]]
    assert cost_matrix([], ["AA"]) is None


@pytest.mark.parametrize("entry", ["AA as BB = 1", "BB as AA = 1"])
def test_a_cost_of_a_class_that_is_not_there_is_refused(entry: str) -> None:
    with pytest.raises(InputError) as refusal:
        cost_matrix([entry], ["AA", "B6"])
    assert str(refusal.value) == f"costs: {entry!r}: there is no class 'BB'. Known: AA, B6."
