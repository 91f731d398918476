"""From drawn rows to the decision, the gate errs no more often than it says.

Each rate is held against the binomial bound that 1,000 repetitions of a true 5 % exceed once in 1,000 runs.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from mlops_actions.statistics.budget import Look, level
from simulated_gates import TERMS, World, changes_seen, ignoring_days, improved, results

REPETITIONS = 1000
AT_MOST = binom.ppf(0.999, REPETITIONS, 0.05) / REPETITIONS
NON_INFERIOR = "accuracy >= champion - 0.01"
DAYS = World(rows=1830, changes=(-0.01,), discordant=0.2, days=61, day_sd=0.08)


@pytest.mark.parametrize("rows", [50, 200, 2000])
def test_a_model_that_is_a_point_worse_passes_a_margin_of_a_point_at_most_five_times_in_a_hundred(rows: int) -> None:
    passed = results(NON_INFERIOR, World(rows, (-0.01,)), REPETITIONS, seed=rows)["pass"]
    assert 0.02 < passed <= AT_MOST


def test_so_it_is_with_rows_of_a_day_that_hang_together_where_independent_rows_would_err() -> None:
    assert results(NON_INFERIOR, DAYS, REPETITIONS, seed=1)["pass"] <= AT_MOST
    assert results(NON_INFERIOR, ignoring_days(DAYS), REPETITIONS, seed=1)["pass"] > 0.1


def test_points_pass_it_every_second_time() -> None:
    points = replace(TERMS, points=True)
    assert results(NON_INFERIOR, World(2000, (-0.01,)), REPETITIONS, 2, points)["pass"] == pytest.approx(0.5, abs=0.06)


def test_a_model_that_is_a_point_better_passes() -> None:
    assert results(NON_INFERIOR, World(5000, (0.01,)), 200, seed=3)["pass"] > 0.95


def test_a_guard_refuses_an_equal_model_over_200_slices_at_most_five_times_in_a_hundred() -> None:
    equal = World(rows=128, changes=(0.0,) * 200)
    assert results("forbid accuracy[group] < champion", equal, 100, seed=4)["fail"] <= 0.05
    values, p_values = changes_seen(equal, 20, seed=4)
    # What rules without a correction make of the same rows.
    assert (values < -0.02).any(axis=1).all()
    assert (p_values <= 0.05).any(axis=1).all()


def test_of_a_hundred_equal_candidates_within_a_budget_one_is_called_better_at_most_five_times_in_a_hundred() -> None:
    level_each = level(0.05, Look(candidates=100, look=1, budget=100))
    found = [
        (min(one.p_greater(0.0) for one in differences), max(one.value for one in differences))
        for differences in improved(100, 300, 300, seed=5)
    ]
    assert np.mean([p <= level_each for p, _ in found]) <= binom.ppf(0.999, 300, 0.05) / 300
    assert np.mean([p <= 0.05 for p, _ in found]) > 0.5
