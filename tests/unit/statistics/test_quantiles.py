import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mlops_actions.statistics.quantiles import (
    gamma_survival,
    normal_cdf,
    normal_quantile,
    t_cdf,
    t_quantile,
    t_survival,
)

DF = [0.5, 1.0, 1.7, 2.0, 5.0, 7.31, 30.0, 60.5, 199.9, 200.1, 500.0, 12345.6, 1e7]


@pytest.mark.parametrize("df", DF)
def test_the_t_distribution_equals_scipys(df: float) -> None:
    for t in (-40.0, -3.2, -0.01, 0.0, 0.3, 1.0, 2.5, 8.0, 30.0):
        assert t_cdf(t, df) == pytest.approx(stats.t.cdf(t, df), abs=1e-9)
        assert t_survival(t, df) == pytest.approx(stats.t.sf(t, df), rel=1e-8 if t <= 8 else 1e-5)


@pytest.mark.parametrize("df", DF)
def test_the_t_quantile_equals_scipys(df: float) -> None:
    for probability in (0.001, 0.025, 0.4, 0.5, 0.6, 0.9, 0.95, 0.99, 0.999, 1 - 1e-6):
        expected = stats.t.ppf(probability, df)
        assert t_quantile(probability, df) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(st.floats(0.01, 0.99), st.floats(0.5, 1e5))
def test_the_quantile_inverts_the_cdf(probability: float, df: float) -> None:
    assert t_cdf(t_quantile(probability, df), df) == pytest.approx(probability, abs=1e-12)


def test_infinite_degrees_of_freedom_are_normal() -> None:
    assert t_quantile(0.95, float("inf")) == normal_quantile(0.95)
    assert t_cdf(1.2, float("inf")) == pytest.approx(normal_cdf(1.2), abs=1e-15)


@pytest.mark.parametrize("arguments", [(0.0, 5.0), (1.0, 5.0), (0.9, 0.0), (float("nan"), 5.0), (0.9, float("nan"))])
def test_impossible_arguments_are_refused(arguments: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="t_quantile needs"):
        t_quantile(*arguments)


def test_a_nan_has_no_tail() -> None:
    with pytest.raises(ValueError, match="t_survival needs"):
        t_survival(float("nan"), 5.0)


@pytest.mark.parametrize("shape", [0.01, 0.5, 3.0, 100.0, 1e5, 1e7])
def test_the_tail_of_the_gamma_distribution_equals_scipys(shape: float) -> None:
    for tail in (1e-10, 0.001, 0.3, 0.5, 0.9, 0.999):
        x = stats.gamma.isf(tail, shape)
        assert gamma_survival(x, shape) == pytest.approx(stats.gamma.sf(x, shape), rel=1e-6)
    assert gamma_survival(0.0, shape) == 1.0
