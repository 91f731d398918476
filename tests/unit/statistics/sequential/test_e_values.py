from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import binom

from mlops_actions.errors import InputError
from mlops_actions.statistics.sequential.e_values import Null, log_e_value, project

NULLS = [
    Null(side, margin, ratio)
    for side in ("not-worse", "worse")
    for margin, ratio in ((0.0, 1.0), (0.01, 1.0), (0.2, 1.0), (0.0, 1.5), (0.05, 2.0))
]
RATES = np.array([0.001, 0.01, 0.05, 0.2, 0.5, 0.9, 0.999])


def rates_on_the_rim(null: Null) -> tuple[np.ndarray, np.ndarray]:
    """The null's hardest rates: a fine grid on its line, and some inside."""
    baseline = np.concatenate([np.linspace(0, 1, 41), [0.001, 0.003, 0.01, 0.997]])
    line = null.line(baseline)
    canary = np.concatenate([line, line / 2, (1 + line) / 2])
    baseline = np.tile(baseline, 3)
    kept = (canary <= 1) & ~null.excludes(canary, baseline)
    return canary[kept], baseline[kept]


def expectation(null: Null, n_c: int, n_b: int, alternative: tuple[float, float]) -> np.ndarray:
    """E[e] by summing over every outcome, for each pair of rates of the null."""
    p_c, p_b = rates_on_the_rim(null)
    k_c, k_b = np.arange(n_c + 1), np.arange(n_b + 1)
    e = np.exp(log_e_value(null, (k_c[:, None], n_c), (k_b, n_b), alternative))
    of_canary, of_baseline = binom.pmf(k_c, n_c, p_c[:, None]), binom.pmf(k_b, n_b, p_b[:, None])
    return np.asarray(np.einsum("rc,cb,rb->r", of_canary, e, of_baseline))


@pytest.mark.parametrize("null", NULLS, ids=str)
def test_the_expectation_never_exceeds_1_in_the_null_by_exact_enumeration(null: Null) -> None:
    cases = 0
    for (n_c, n_b), t_c, t_b in itertools.product([(1, 1), (1, 5), (3, 2), (4, 9), (12, 3)], RATES, RATES):
        worst = expectation(null, n_c, n_b, (t_c, t_b))
        cases += len(worst)
        assert worst.max() <= 1 + 1e-12, (n_c, n_b, t_c, t_b)
    assert cases > 10_000


def test_the_enumeration_catches_a_point_of_the_null_that_is_not_the_projection() -> None:
    k_c, k_b = np.arange(4), np.arange(10)
    ratio = (0.2 / 0.1) ** k_c[:, None] * (0.8 / 0.9) ** (3 - k_c[:, None]) * (0.05 / 0.1) ** k_b
    ratio = ratio * (0.95 / 0.9) ** (9 - k_b)
    expected = binom.pmf(k_c, 3, 0.05) @ ratio @ binom.pmf(k_b, 9, 0.05)
    assert expected > 1.05


rate = st.floats(0.0005, 0.999)


@given(t_c=rate, t_b=rate, n_c=st.integers(1, 500), n_b=st.integers(1, 500), null=st.sampled_from(NULLS))
def test_the_projection_is_the_minimum_that_scipy_finds(t_c: float, t_b: float, n_c: int, n_b: int, null: Null) -> None:
    q_c, q_b = (float(q) for q in project(null, (t_c, t_b), (n_c, n_b)))
    if not null.excludes(t_c, t_b):
        assert (q_c, q_b) == (t_c, t_b)
        return

    def divergence(t: float, q: float) -> float:
        return float(t * np.log(t / q) + (1 - t) * np.log((1 - t) / (1 - q)))

    def along_the_line(b: float) -> float:
        return float(n_c * divergence(t_c, float(null.line(b))) + n_b * divergence(t_b, b))

    top = min(1.0, float((1 - null.margin) / null.ratio))
    oracle = minimize_scalar(along_the_line, bounds=(1e-12, top - 1e-12), method="bounded", options={"xatol": 1e-12})
    assert q_c == pytest.approx(null.ratio * q_b + null.margin)
    assert along_the_line(q_b) <= oracle.fun + 1e-9 * max(1, oracle.fun)


def test_an_empty_arm_or_an_alternative_inside_the_null_teaches_nothing() -> None:
    null = Null("not-worse", 0.01)
    assert log_e_value(null, (0, 0), (3, 50), (0.3, 0.01)) == 0
    assert log_e_value(null, (5, 5), (0, 0), (0.3, 0.01)) == 0
    assert log_e_value(null, (5, 5), (0, 50), (0.015, 0.01)) == 0


def test_arguments_broadcast_to_one_shape() -> None:
    log_e = log_e_value(Null("worse", 0.01), (np.zeros((4, 1)), 10), (np.ones(3), 90), (0.01, 0.01))
    assert log_e.shape == (4, 3)


@pytest.mark.parametrize(("margin", "ratio"), [(-0.01, 1), (1, 1), (float("nan"), 1), (0, 0), (0, float("inf"))])
def test_a_margin_or_ratio_that_makes_no_sense_is_refused(margin: float, ratio: float) -> None:
    with pytest.raises(InputError, match=r"error-margin: a (margin|ratio)"):
        Null("worse", margin, ratio)
