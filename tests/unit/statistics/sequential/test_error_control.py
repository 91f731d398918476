"""What the canary promises, by the benchmark's own simulation: 1,000 repetitions, fixed seeds, the binomial bound."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from scipy.stats import binom

REPETITIONS = 1_000
ALPHA = 0.05
BOUND = float(binom.ppf(0.999, REPETITIONS, ALPHA)) / REPETITIONS
"""A rule that keeps alpha exactly exceeds it once in a thousand seeds."""
HALF = float(binom.ppf(0.001, REPETITIONS, 0.5)) / REPETITIONS
"""A number of requests by which a smaller share has decided is below the median, but for one seed in a thousand."""


@pytest.mark.parametrize("position", range(5))
def test_a_canary_that_is_not_worse_is_rolled_back_at_most_alpha(benchmark_canary: ModuleType, position: int) -> None:
    outcomes = benchmark_canary.simulate(benchmark_canary.HARMLESS[position], REPETITIONS)
    assert outcomes["e-process: roll back"].share <= BOUND
    # The same counts do mislead the rule that most people would write.
    assert outcomes["naive z: roll back"].share > 0.3


@pytest.mark.parametrize("position", range(4))
def test_a_canary_at_the_margin_is_let_through_at_most_alpha(benchmark_canary: ModuleType, position: int) -> None:
    outcomes = benchmark_canary.simulate(benchmark_canary.NOT_GOOD_ENOUGH[position], REPETITIONS)
    assert outcomes["e-process: promote"].share <= BOUND
    assert outcomes["naive z: promote"].share > 0.3


@pytest.mark.parametrize(
    ("position", "median"),
    [(0, 130), (1, 300), (2, 300), (4, 3)],
    ids=["margin 0", "margin 1 point", "weight 50 %", "always fails"],
)
def test_a_broken_canary_is_seen_early(benchmark_canary: ModuleType, position: int, median: int) -> None:
    outcome = benchmark_canary.simulate(benchmark_canary.BROKEN[position], REPETITIONS)["e-process: roll back"]
    assert (outcome.requests <= median).mean() >= HALF
    assert outcome.share > 0.99


def test_a_leak_after_3000_healthy_requests_is_seen_within_250(benchmark_canary: ModuleType) -> None:
    outcome = benchmark_canary.simulate(benchmark_canary.LEAK, REPETITIONS)["e-process: roll back"]
    since = benchmark_canary.after(outcome, benchmark_canary.LEAK_AFTER)
    assert (since.requests <= 250).mean() >= HALF
    assert since.share > 0.99


def test_an_equal_canary_is_promoted_in_the_end(benchmark_canary: ModuleType) -> None:
    outcome = benchmark_canary.simulate(benchmark_canary.GOOD[0], REPETITIONS)["e-process: promote"]
    assert outcome.quantile(0.5) <= 1_000
    assert outcome.share > 0.95


def test_complete_rollouts_end_as_they_should(benchmark_canary: ModuleType) -> None:
    equal, incident, at_the_margin, broken = (
        benchmark_canary.complete(scenario, benchmark_canary.STEPS, REPETITIONS)
        for scenario in benchmark_canary.ROLLOUTS
    )
    assert equal.promoted > 0.95
    assert incident.promoted > 0.9
    assert max(equal.rolled_back, incident.rolled_back, at_the_margin.rolled_back) <= BOUND
    assert at_the_margin.promoted <= BOUND
    assert broken.rolled_back > 0.99
    assert broken.promoted <= BOUND


def test_one_observation_per_user_keeps_alpha_where_users_fail_together(benchmark_canary: ModuleType) -> None:
    rng = np.random.default_rng(11)
    processes = benchmark_canary.Processes.begin(np.zeros(REPETITIONS), np.zeros(REPETITIONS))
    rolled_back = np.zeros(REPETITIONS, dtype=bool)
    for look in range(1, 61):
        saw_an_error = [
            (rng.binomial(50, rng.beta(0.0233, 2.31, (REPETITIONS, users))) > 0).sum(axis=1) for users in (4, 36)
        ]
        processes = processes.observe(
            benchmark_canary.Hypotheses(0.0),
            (saw_an_error[0], 4),
            (saw_an_error[1], 36),
            benchmark_canary.start_weight(look, 60),
        )
        rolled_back |= processes.log_worse >= np.log(1 / ALPHA)
    assert rolled_back.mean() <= BOUND
