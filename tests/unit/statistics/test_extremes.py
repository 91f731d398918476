"""Values equal scikit-learn's on odd samples: ties, weights, one class, a class missing, probabilities of 0 and 1."""

from __future__ import annotations

import warnings
from math import isnan
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metric_oracles import ASKED, CASES, COSTS, ORACLES, K
from mlops_actions.statistics.clusters import design
from mlops_actions.statistics.evaluation import evaluate
from mlops_actions.statistics.sample import Predictions, Sample


@st.composite
def samples(draw: Any, task: Any) -> tuple[Sample, Any]:
    rows = draw(st.integers(1, 30))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    weights = rng.choice([0.5, 1.0, 3.0], rows) if draw(st.booleans()) else None
    sampling = design(rows, weights=weights)
    if task == "regression":
        truth = rng.choice([-1.0, 0.0, 0.5, 1e6], rows)
        values = rng.choice([-1.0, 0.0, 0.25, 1e-9], rows)
        return Sample(task, truth, Predictions(values=values), design=sampling), weights
    classes = K if task == "multiclass" else 2
    truth = rng.integers(0, draw(st.integers(1, classes)), rows)
    scores: Any = rng.choice([0.0, 0.3, 0.5, 1.0], rows)
    if task == "multiclass":
        scores = rng.multinomial(4, np.full(K, 1 / K), rows) / 4
    labels = rng.integers(0, classes, rows)
    costs = COSTS[:classes, :classes]
    found = Sample(task, truth, Predictions(labels, scores), None, sampling, classes, tuple("abcd"), costs)
    return found, weights


@pytest.mark.parametrize(("task", "name"), CASES)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_a_value_equals_scikit_learns_or_is_none(task: str, name: str, data: st.DataObject) -> None:
    sample, weights = data.draw(samples(task))
    value = evaluate(sample, [name]).estimates[name].value
    if isnan(value) or (name == "roc_auc_ovr_weighted" and len(np.unique(sample.truth)) < K):
        # Nothing to divide by, where scikit-learn warns and puts a number; or a class that is never true, which
        # scikit-learn refuses, and which weighs nothing here.
        return
    model = sample.candidate
    labels = model.values if task == "regression" else model.labels
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = {**ORACLES[task], **ASKED[task]}[name](sample.truth, labels, model.scores, weights)
    assert value == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(("task", "name"), CASES)
def test_a_value_is_missing_only_where_there_is_nothing_to_divide_by(task: Any, name: str) -> None:
    rng = np.random.default_rng(0)
    classes = K if task == "multiclass" else 2
    truth: Any = np.arange(40) % classes
    scores: Any = np.eye(K)[truth] if task == "multiclass" else 0.5 * truth + 0.4 * rng.random(40)
    models = Predictions(values=rng.normal(size=40)) if task == "regression" else Predictions(truth, scores)
    truth = truth * 1.0 if task == "regression" else truth
    sample = Sample(task, truth, models, None, None, classes, tuple("abcd"), COSTS[:classes, :classes])
    assert np.isfinite(evaluate(sample, [name]).estimates[name].value)
