"""Numbers a row whose mean is the metric: scores of texts and rankings, or a user's own metric."""

from __future__ import annotations

import numpy as np
import pytest

from mlops_actions.statistics.clusters import design
from mlops_actions.statistics.evaluation import by_slice, evaluate
from mlops_actions.statistics.sample import Predictions, Sample

RNG = np.random.default_rng(0)
TRUTH = np.zeros(400)
JUDGED, BEFORE = RNG.normal(3, 1, 400), RNG.normal(2.8, 1, 400)


def test_a_metric_is_the_weighted_mean_of_its_rows() -> None:
    weights, days = RNG.gamma(2, 1, 400), np.arange(400) % 40
    sampling = design(400, clusters=[days], weights=weights)
    sample = Sample("scores", TRUTH, Predictions(rows={"quality": JUDGED}), None, sampling)
    found = evaluate(sample, ["quality"]).estimates["quality"]
    errors = Sample("regression", TRUTH, Predictions(values=JUDGED**2), None, sampling)
    assert found.value == pytest.approx(np.average(JUDGED, weights=weights), rel=1e-14)
    assert (found.n, found.clusters, found.scale) == (400, 40, "identity")
    assert found.df == evaluate(errors, ["mae"]).estimates["mae"].df


def test_a_difference_is_paired() -> None:
    both = Sample("scores", TRUTH, Predictions(rows={"quality": JUDGED}), Predictions(rows={"quality": BEFORE}))
    found = evaluate(both, ["quality"]).differences["quality"]
    gain = JUDGED - BEFORE
    assert found.value == pytest.approx(gain.mean(), rel=1e-12)
    assert found.se == pytest.approx(gain.std(ddof=1) / 20, rel=1e-12)


def test_rows_that_are_right_or_wrong_are_a_proportion() -> None:
    right, before = ((one > 2.5).astype(np.float64) for one in (JUDGED, BEFORE))
    sample = Sample("scores", TRUTH, Predictions(rows={"exact": right}), Predictions(rows={"exact": before}))
    found = evaluate(sample, ["exact"])
    assert (found.estimates["exact"].scale, found.differences["exact"].scale) == ("wilson", "tango")
    labels = Sample("binary", np.ones(400, dtype=int), Predictions(right.astype(int)), Predictions(before.astype(int)))
    same = evaluate(labels, ["accuracy"])
    for side in ("estimates", "differences"):
        one, other = getattr(found, side)["exact"], getattr(same, side)["accuracy"]
        assert (one.lower(0.95), one.upper(0.95)) == pytest.approx((other.lower(0.95), other.upper(0.95)), rel=1e-9)


def test_a_slice_is_the_mean_of_its_rows() -> None:
    sample = Sample("scores", TRUTH, Predictions(rows={"quality": JUDGED}))
    codes = np.arange(400) % 3
    parts = by_slice(sample, ["quality"], codes, 3, evaluate(sample, ["quality"]))
    assert [part.estimates["quality"].value for part in parts] == pytest.approx(
        [JUDGED[codes == k].mean() for k in range(3)]
    )


def test_own_rows_stand_beside_the_metrics_of_a_task() -> None:
    model = Predictions(np.arange(400) % 2, rows={"profit": JUDGED})
    found = evaluate(Sample("binary", np.arange(400) % 2, model), ["recall", "profit"])
    assert list(found.estimates) == ["recall", "profit"]


def test_rows_that_cannot_be_judged_are_refused() -> None:
    one = Predictions(rows={"quality": JUDGED})
    with pytest.raises(ValueError, match="only one of the models has quality"):
        evaluate(Sample("scores", TRUTH, one, Predictions(rows={"other": BEFORE})), ["quality"])
    with pytest.raises(ValueError, match="quality must be finite"):
        Predictions(rows={"quality": np.array([0.1, np.nan])})
    with pytest.raises(ValueError, match=r"quality has shape \(400,\), the truth 3 rows"):
        Sample("scores", np.zeros(3), one)
    with pytest.raises(ValueError, match="accuracy is not defined for scores"):
        evaluate(Sample("scores", TRUTH, one), ["accuracy"])
