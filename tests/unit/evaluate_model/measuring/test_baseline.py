"""The baseline is the best constant, by scikit-learn's dummies."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor

from mlops_actions.evaluate_model.measuring.baseline import baseline_of
from mlops_actions.statistics.clusters import design
from mlops_actions.statistics.sample import Predictions, Sample

X = np.zeros((7, 1))


def test_two_classes_are_answered_by_the_majority_and_its_share() -> None:
    truth = np.array([1, 1, 1, 1, 1, 0, 0])
    weights = np.array([1, 1, 1, 1, 1, 4, 4.0])
    name, found = baseline_of(Sample("binary", truth, Predictions(labels=truth), design=design(7, weights=weights)), [])
    (predictions,) = found.values()
    dummy = DummyClassifier(strategy="prior").fit(X, truth, weights)
    assert name == "majority class of the test set"
    assert predictions.labels is not None
    assert predictions.labels.tolist() == dummy.predict(X).tolist() == [0] * 7
    assert predictions.scores == pytest.approx(dummy.predict_proba(X)[:, 1])


def test_of_many_classes_those_that_only_a_model_knows_have_no_share() -> None:
    truth = np.array([2, 2, 2, 0, 0, 1, 1])
    _, found = baseline_of(Sample("multiclass", truth, Predictions(labels=truth), classes=4), ["accuracy"])
    scores = found["accuracy",].scores
    assert scores is not None
    expected = DummyClassifier(strategy="prior").fit(X, truth).predict_proba(X)
    assert scores == pytest.approx(np.column_stack([expected, np.zeros(7)]))


def test_numbers_are_answered_by_the_mean_or_the_median_of_the_metric() -> None:
    truth = np.array([1.0, 2, 3, 4, 5, 6, 70])
    sample = Sample("regression", truth, Predictions(values=truth))
    name, found = baseline_of(sample, ["mae", "rmse", "mape", "r2"])
    assert name == "mean (median for absolute errors) of the test set"
    for names, strategy in ((("rmse", "r2"), "mean"), (("mae", "mape"), "median")):
        values = found[names].values
        assert values is not None
        assert values == pytest.approx(DummyRegressor(strategy=strategy).fit(X, truth).predict(X))


def test_a_weighted_median_halves_the_weight() -> None:
    truth, weights = np.array([3.0, 1.0, 2.0]), np.array([5.0, 1.0, 1.0])
    sample = Sample("regression", truth, Predictions(values=truth), design=design(3, weights=weights))
    values = baseline_of(sample, ["mae"])[1]["mae",].values
    assert values is not None
    assert values.tolist() == [3.0] * 3


def test_the_labels_of_the_training_data_come_first_where_they_are_known() -> None:
    truth, trained = np.array([1, 1, 1, 0]), np.array([0, 0, 0, 1])
    weighted = design(4, weights=np.array([1, 1, 1, 9.0]))
    name, found = baseline_of(Sample("binary", truth, Predictions(labels=truth), design=weighted), [], trained)
    (predictions,) = found.values()
    assert name == "majority class of the training data"
    assert predictions.scores == pytest.approx(np.full(4, 0.25))
    sample = Sample("regression", np.arange(3.0), Predictions(values=np.arange(3.0)))
    name, found = baseline_of(sample, ["mae", "mse"], np.array([5.0, 6.0, 10.0]))
    assert name == "mean (median for absolute errors) of the training data"
    assert found["mae",].values == pytest.approx([6.0] * 3)
    assert found["mse",].values == pytest.approx([7.0] * 3)
