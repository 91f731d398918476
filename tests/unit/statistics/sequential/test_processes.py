from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import binom

from mlops_actions.statistics.sequential.processes import Hypotheses, Processes, start_weight

CANARY, BASELINE = 2, 3


def all_paths(
    looks: int, rates: list[tuple[float, float]], hypotheses: Hypotheses, planned: int
) -> tuple[Processes, np.ndarray]:
    """The processes and the probability of every possible sequence of small blocks."""
    outcomes = np.array(list(itertools.product(range(CANARY + 1), range(BASELINE + 1))))
    paths = np.array(list(itertools.product(range(len(outcomes)), repeat=looks)))
    probability = np.ones(len(paths))
    processes = Processes.begin(np.full(len(paths), 1), np.full(len(paths), 9))
    for look in range(looks):
        k_c, k_b = outcomes[paths[:, look]].T
        p_c, p_b = rates[look]
        probability *= binom.pmf(k_c, CANARY, p_c) * binom.pmf(k_b, BASELINE, p_b)
        processes = processes.observe(hypotheses, (k_c, CANARY), (k_b, BASELINE), start_weight(look + 1, planned))
    return processes, probability


@pytest.mark.parametrize("rates", [[(0.1, 0.1)] * 3, [(0.1, 0.1), (0.5, 0.5), (0.02, 0.02)], [(0.0, 0.9)] * 3])
@pytest.mark.parametrize("planned", [2, 3, 10])
def test_worse_has_expectation_at_most_1_over_all_paths_with_drift_and_adaptive_bets(
    rates: list[tuple[float, float]], planned: int
) -> None:
    processes, probability = all_paths(3, rates, Hypotheses(0.0), planned)
    assert probability.sum() == pytest.approx(1)
    assert probability @ np.exp(processes.log_worse) <= 1 + 1e-12


@pytest.mark.parametrize("rates", [[(0.2, 0.1)] * 3, [(0.2, 0.1), (0.6, 0.5), (0.1, 0.0)], [(1.0, 0.1)] * 3])
def test_non_inferior_has_expectation_at_most_1_over_all_paths_at_the_margin(rates: list[tuple[float, float]]) -> None:
    processes, probability = all_paths(3, rates, Hypotheses(0.1), planned=3)
    assert probability @ np.exp(processes.log_non_inferior) <= 1 + 1e-12


def test_at_the_margin_worse_has_expectation_at_most_1_too() -> None:
    processes, probability = all_paths(3, [(0.2, 0.1), (0.6, 0.5), (0.1, 0.0)], Hypotheses(0.1), planned=3)
    assert probability @ np.exp(processes.log_worse) <= 1 + 1e-12


@pytest.mark.parametrize("planned", [1, 2, 3, 17, 400])
def test_the_shares_that_start_never_exceed_one(planned: int) -> None:
    shares = [start_weight(look, planned) for look in range(1, planned + 50)]
    assert shares[0] == 0.5
    assert sum(shares) <= 1 + 1e-12
    assert all(share == 0 for share in shares[planned:])


def test_dispersion_divides_the_logarithm_of_every_block() -> None:
    block = (np.array([3.0]), np.array([20.0])), (np.array([1.0]), np.array([180.0]))
    processes = Processes.begin(np.array([100]), np.array([10_000]))
    plain = processes.observe(Hypotheses(0.0), *block, 1.0)
    bunched = processes.observe(Hypotheses(0.0, dispersion=4.0), *block, 1.0)
    assert bunched.log_started == pytest.approx(plain.log_started / 4)
    assert bunched.log_products == pytest.approx(plain.log_products / 4)


def test_a_simulated_row_and_a_single_rollout_are_the_same_code_and_numbers() -> None:
    single = Processes.begin(100, 10_000)
    rows = Processes.begin(np.array([100, 100]), np.array([10_000, 10_000]))
    for look in (1, 2, 3):
        single = single.observe(Hypotheses(0.01), (look, 20), (1, 180), start_weight(look, 5))
        rows = rows.observe(Hypotheses(0.01), (np.array([look, 0]), 20), (1, 180), start_weight(look, 5))
    assert single.log_worse.shape == ()
    assert rows.log_worse[0] == pytest.approx(float(single.log_worse))
    assert rows.log_non_inferior[0] == pytest.approx(float(single.log_non_inferior))
