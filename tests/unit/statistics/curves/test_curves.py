"""Curves against scikit-learn and numpy: every kept point is exact, and little is lost by keeping few."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    auc,
    average_precision_score,
    confusion_matrix,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)

from mlops_actions.statistics.clusters import Codes, Design, Floats, design
from mlops_actions.statistics.curves import (
    Ranking,
    bands,
    confusion,
    reliability,
    residual_histogram,
    score_histogram,
    worst_rows,
)
from mlops_actions.statistics.curves.residuals import QUANTILES


def binary(rows: int = 20_000, digits: int = 6) -> tuple[Codes, Floats, Floats]:
    """Truth, scores with ties, weights."""
    generator = np.random.default_rng(5)
    scores = np.round(generator.beta(1.5, 4.0, rows), digits)
    truth = (generator.random(rows) < scores).astype(np.intp)
    return truth, scores, generator.exponential(size=rows)


def ranked(truth: Codes, scores: Floats, weights: Floats | None = None) -> Ranking:
    return Ranking.of(truth, scores, np.argsort(scores), weights)


@pytest.mark.parametrize("digits", [2, 6])
def test_every_point_of_a_roc_curve_is_one_of_sklearns(digits: int) -> None:
    truth, scores, weights = binary(digits=digits)
    found = ranked(truth, scores, weights).roc()
    assert found is not None
    x, y, thresholds = roc_curve(truth, scores, sample_weight=weights, drop_intermediate=False)
    places = np.searchsorted(-thresholds, -found.thresholds[1:])
    np.testing.assert_allclose(found.thresholds[1:], thresholds[places], rtol=0)
    np.testing.assert_allclose(found.x[1:], x[places], atol=1e-12)
    np.testing.assert_allclose(found.y[1:], y[places], atol=1e-12)
    assert (found.x[0], found.y[0], found.x[-1], found.y[-1]) == (0.0, 0.0, pytest.approx(1.0), pytest.approx(1.0))
    assert np.isnan(found.thresholds[0])
    assert found.area == pytest.approx(roc_auc_score(truth, scores, sample_weight=weights), abs=1e-12)


def test_every_point_of_a_precision_recall_curve_is_one_of_sklearns() -> None:
    truth, scores, weights = binary(digits=3)
    found = ranked(truth, scores, weights).precision_recall()
    assert found is not None
    precision, recall, thresholds = precision_recall_curve(truth, scores, sample_weight=weights)
    places = np.searchsorted(thresholds, found.thresholds)
    np.testing.assert_allclose(found.y, precision[places], atol=1e-12)
    np.testing.assert_allclose(found.x, recall[places], atol=1e-12)
    assert found.area == pytest.approx(average_precision_score(truth, scores, sample_weight=weights), abs=1e-12)


def test_a_curve_of_many_rows_keeps_few_points_and_its_area() -> None:
    truth, scores, _ = binary(200_000)
    ranking = ranked(truth, scores)
    roc, precision_recall = ranking.roc(), ranking.precision_recall()
    assert roc is not None
    assert precision_recall is not None
    assert len(roc.x) <= 110
    assert len(precision_recall.x) <= 110
    assert auc(roc.x, roc.y) == pytest.approx(roc.area, abs=5e-5)
    drawn = (np.diff(precision_recall.x, prepend=0.0) * precision_recall.y).sum()
    assert drawn == pytest.approx(precision_recall.area, abs=5e-3)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 60)), min_size=2, max_size=400), st.integers(3, 12))
def test_the_area_under_the_kept_points_is_off_by_no_more_than_stated(rows: list[tuple[int, int]], points: int) -> None:
    truth, scores = (np.array(column) for column in zip(*rows, strict=True))
    roc = ranked(truth, scores.astype(np.float64)).roc(points)
    if roc is None:
        assert len(set(truth)) == 1
        return
    assert abs(auc(roc.x, roc.y) - roc.area) <= 0.75 / (points - 1)
    assert len(roc.x) <= 3 * points


def test_there_is_no_curve_of_one_class() -> None:
    alone = ranked(np.ones(5, dtype=np.intp), np.arange(5.0))
    assert alone.roc() is None
    assert alone.precision_recall() is None


def test_reliability_bins_are_sklearns() -> None:
    truth, scores, _ = binary(digits=2)
    found = reliability(scores, truth, Design(len(truth)))
    observed, predicted = calibration_curve(truth, scores, n_bins=10, strategy="quantile")
    np.testing.assert_allclose([one.observed.value for one in found], observed, atol=1e-12)
    np.testing.assert_allclose([one.predicted for one in found], predicted, atol=1e-12)
    assert sum(one.n for one in found) == len(truth)


def test_a_reliability_interval_is_wilsons_and_wider_for_rows_that_hang_together() -> None:
    generator = np.random.default_rng(1)
    day = np.repeat(np.arange(60), 50)
    shift = np.repeat(generator.normal(0.0, 2.0, 60), 50)
    chance = generator.uniform(0.05, 0.95, len(day))
    truth = (generator.random(len(day)) < 1 / (1 + np.exp(-np.log(chance / (1 - chance)) - shift))).astype(np.intp)
    alone = reliability(chance, truth, Design(len(day)))
    together = reliability(chance, truth, design(len(day), clusters=[day]))
    one = alone[4].observed
    p, n, z2 = one.value, one.n, 1.968**2  # the t quantile of 299 degrees of freedom
    centre, half = p + z2 / (2 * n), np.sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n * n)))
    assert one.lower(0.975) == pytest.approx((centre - half) / (1 + z2 / n), abs=1e-4)
    widths = [[bin_.observed.upper(0.95) - bin_.observed.lower(0.95) for bin_ in bins] for bins in (alone, together)]
    assert np.mean(widths[1]) > 1.3 * np.mean(widths[0])


def test_scores_are_spread_over_their_class() -> None:
    found = score_histogram(np.array([0, 0, 1, 1]), np.array([0.0, 0.3, 0.3, 1.0]), np.array([3.0, 1, 1, 1]), bins=4)
    assert found.negatives.tolist() == [0.75, 0.25, 0.0, 0.0]
    assert found.positives.tolist() == [0.0, 0.5, 0.0, 0.5]
    ranks = score_histogram(np.array([0, 1]), np.array([-4.0, 8.0]), probabilities=False, bins=3)
    assert ranks.edges.tolist() == [-4.0, 0.0, 4.0, 8.0]


def test_a_confusion_matrix_is_sklearns_and_folds_rare_classes() -> None:
    generator = np.random.default_rng(2)
    truth, labels = generator.geometric(0.3, (2, 3000)).clip(1, 20) - 1
    weights = generator.exponential(size=3000)
    whole = confusion(truth, labels, 20, weights, most=20).counts
    np.testing.assert_allclose(whole, confusion_matrix(truth, labels, labels=range(20), sample_weight=weights))
    folded = confusion(truth, labels, 20, most=5)
    assert folded.classes == (0, 1, 2, 3)
    np.testing.assert_allclose(folded.counts, confusion_matrix(truth.clip(0, 4), labels.clip(0, 4), labels=range(5)))


def test_residual_bands_hold_numpys_quantiles() -> None:
    generator = np.random.default_rng(3)
    predicted = generator.normal(10.0, 3.0, 1200)
    truth = predicted + generator.normal(0.0, 1.0, 1200)
    found = bands(predicted, truth)
    order = np.argsort(predicted)
    first = order[:100]
    assert [one.n for one in found] == [100] * 12
    assert found[0].predicted == pytest.approx(predicted[first].mean())
    expected = np.quantile((predicted - truth)[first], QUANTILES, method="inverted_cdf")
    np.testing.assert_allclose(found[0].quantiles, expected)


def test_one_outlier_does_not_flatten_a_histogram_of_residuals() -> None:
    residuals = np.append(np.random.default_rng(4).normal(size=999), 1e6)
    found = residual_histogram([residuals, 2 * residuals])
    assert found.edges[-1] < 10
    assert [one.sum() for one in found.shares] == [pytest.approx(1.0)] * 2
    assert residual_histogram([np.zeros(3)]).shares[0].max() == 1.0


def test_the_worst_rows_are_those_of_the_greatest_loss() -> None:
    loss = np.random.default_rng(6).integers(0, 50, 4000).astype(np.float64)
    expected = sorted(range(len(loss)), key=lambda row: (-loss[row], row))[:25]
    assert worst_rows(loss, 25).tolist() == expected
    assert worst_rows(np.zeros(30)).tolist() == []
