"""The curves of a statement: for every task, whatever a model predicts, and small."""

from __future__ import annotations

import numpy as np
import pytest

from mlops_actions.evaluate_model.measuring.curves import curves_of
from mlops_actions.evaluate_model.rows.target import Label
from mlops_actions.evidence.curves import Curves
from mlops_actions.statistics.clusters import design
from mlops_actions.statistics.sample import Predictions, Sample


def binary(rows: int = 5000) -> Sample:
    generator = np.random.default_rng(0)
    scores = generator.random(rows)
    truth = (generator.random(rows) < scores).astype(np.intp)
    models = [Predictions(labels=(one >= 0.5).astype(np.intp), scores=one) for one in (scores, scores**2)]
    return Sample("binary", truth, models[0], models[1])


def multiclass(classes: int) -> Sample:
    generator = np.random.default_rng(0)
    scores = generator.dirichlet(np.ones(classes), 2000)
    truth = generator.integers(0, classes, 2000)
    return Sample("multiclass", truth, Predictions(labels=scores.argmax(axis=1), scores=scores), None, None, classes)


def regression() -> Sample:
    generator = np.random.default_rng(0)
    truth = generator.normal(size=3000)
    models = [Predictions(values=truth + generator.normal(size=3000)) for _ in range(2)]
    return Sample("regression", truth, models[0], models[1])


def test_a_binary_evaluation_has_every_curve_of_both_models() -> None:
    found = curves_of(binary(), (False, True), 0.95)
    assert found.champion is not None
    for model in (found.candidate, found.champion):
        assert model.roc is not None
        assert model.precision_recall is not None
        assert model.scores is not None
        assert model.confusion is not None
        assert len(model.reliability) == 10
        assert model.confusion.labels == ["false", "true"]
        assert np.sum(model.confusion.counts) == 5000
    # The second model squares the probabilities: it knows the order, and promises too little.
    assert found.candidate.roc is not None
    assert found.champion.roc is not None
    assert found.champion.roc.area == found.candidate.roc.area
    assert all(one.lower is not None and one.lower > one.predicted for one in found.champion.reliability[3:7])
    assert found.worst[0].loss >= found.worst[-1].loss > 2.0
    assert found.worst[0].truth in ("false", "true")
    assert found.residuals is None


def test_a_statement_with_curves_stays_small() -> None:
    found = curves_of(binary(50_000), (0, 1), 0.95)
    assert len(found.model_dump_json(indent=1)) < 60_000


def test_classes_beyond_a_dozen_share_the_last_row_of_the_matrix() -> None:
    labels: list[Label] = [f"class {code}" for code in range(30)]
    found = curves_of(multiclass(30), labels, 0.95).candidate
    assert found.confusion is not None
    assert found.confusion.labels[-1] == "(other)"
    assert len(found.confusion.labels) == len(found.confusion.counts) == 12
    assert found.reliability
    assert found.roc is None


def test_a_regression_has_residuals_of_both_models_and_bands() -> None:
    found = curves_of(regression(), (), 0.95)
    assert found.residuals is not None
    assert set(found.residuals.shares) == {"candidate", "champion"}
    assert len(found.candidate.bands) == 12
    assert isinstance(found.worst[0].truth, float)
    assert found.candidate.confusion is None


def test_predictions_without_probabilities_have_a_matrix_and_no_worst_rows() -> None:
    whole = binary()
    labels = Predictions(labels=whole.candidate.labels)
    found = curves_of(Sample("binary", whole.truth, labels), ("no", "yes"), 0.95)
    assert found.candidate.confusion is not None
    assert found.candidate.roc is None
    assert found.worst == []


def test_numbers_too_large_to_subtract_are_not_drawn() -> None:
    sample = Sample("regression", np.array([-1.7e308, 1.0]), Predictions(values=np.array([1.7e308, 1.0])))
    assert curves_of(sample, (), 0.95) == Curves.model_validate({"candidate": {}})


@pytest.mark.parametrize("rows", [2, 3])
def test_a_few_rows_are_drawn_without_complaint(rows: int) -> None:
    assert curves_of(binary(rows), (0, 1), 0.95).candidate.confusion is not None


def test_rows_that_weigh_nothing_are_not_drawn_and_rows_keep_their_number() -> None:
    whole = binary(1000)
    weights = np.ones(1000)
    plain = curves_of(whole, (0, 1), 0.95)
    worst = [one.row for one in plain.worst]
    weights[worst[0]] = 0.0
    sampling = design(1000, weights=weights)
    weighed = Sample("binary", whole.truth, whole.candidate, whole.champion, sampling)
    found = curves_of(weighed, (0, 1), 0.95)
    assert [one.row for one in found.worst][: len(worst) - 1] == worst[1:]
    assert found.candidate.confusion is not None
    assert np.sum(found.candidate.confusion.counts) == 999
