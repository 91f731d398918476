"""Differences of two estimates from different rows."""

from __future__ import annotations

from math import isnan

import numpy as np
import pytest
from scipy import stats

from mlops_actions.statistics.contrasts import independent
from mlops_actions.statistics.estimate import Estimate
from mlops_actions.statistics.evaluation import evaluate
from mlops_actions.statistics.sample import Predictions, Sample


def mean_of(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Estimate:
    zeros = np.zeros(len(values))
    return evaluate(Sample("regression", zeros, Predictions(values=values)), ["mae"]).estimates["mae"]


def test_a_difference_of_means_is_welchs_test() -> None:
    generator = np.random.default_rng(3)
    first, second = generator.gamma(2.0, 1.0, 40), generator.gamma(2.0, 3.0, 15)
    found = independent(mean_of(first), mean_of(second))
    oracle = stats.ttest_ind(first, second, equal_var=False, alternative="less")
    assert found.method == "independent"
    assert found.value == pytest.approx(first.mean() - second.mean())
    assert found.p_less(0.0) == pytest.approx(oracle.pvalue, rel=1e-9)
    assert found.df == pytest.approx(oracle.df)


@pytest.mark.parametrize(("p", "rows", "others"), [(0.5, 30, 200), (0.95, 60, 60), (0.02, 400, 100)])
def test_equal_proportions_are_called_different_at_most_as_often_as_promised(p: float, rows: int, others: int) -> None:
    """Of 2,000 pairs; three binomial standard errors above 5 % is 6.5 %."""
    generator, missed = np.random.default_rng(5), 0
    for hits, other in zip(generator.binomial(rows, p, 2000), generator.binomial(others, p, 2000), strict=True):
        first, second = (_accuracy(int(k), n) for k, n in ((hits, rows), (other, others)))
        missed += independent(first, second).p_less(0.0) < 0.05
    assert missed / 2000 < 0.065


def test_what_shows_nothing_decides_nothing() -> None:
    sound = Estimate(0.9, 0.02, 99, 100, 100, 100, "identity", "mean")
    few, silent, undefined = (
        Estimate(value, se, df, 100, 100, 100, "identity", "mean")
        for value, se, df in ((0.9, 0.02, 3), (0.9, 0.0, 99), (float("nan"), 0.02, 99))
    )
    found = [independent(sound, other) for other in (few, silent, undefined)]
    assert [one.undecidable for one in found] == ["few-clusters", "zero-variance", "undefined"]
    assert isnan(found[2].value)


def test_points_differ_by_a_point() -> None:
    assert independent(Estimate.point(3.0), Estimate.point(1.0)) == Estimate.point(2.0)


def _accuracy(hits: int, rows: int) -> Estimate:
    share = hits / rows
    se = (share * (1 - share) / (rows - 1)) ** 0.5
    return Estimate(share, se, rows - 1, rows, rows, rows, "wilson", "wilson")
