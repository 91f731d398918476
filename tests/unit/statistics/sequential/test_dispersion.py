from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from mlops_actions.errors import InputError
from mlops_actions.statistics.sequential.dispersion import BY_CLUSTER, Dispersion, pearson_dispersion

FEW = "29 usable looks at the baseline, 30 are needed"
ALIKE = "no error was seen at the baseline, or nothing else, so their bunching cannot be measured"


def test_it_is_pearsons_statistic_over_its_degrees_of_freedom() -> None:
    rng = np.random.default_rng(5)
    total = rng.integers(50, 400, 40)
    bad = rng.binomial(total, rng.beta(2, 60, 40))
    oracle = chi2_contingency(np.stack([bad, total - bad]), correction=False)
    measured = pearson_dispersion(bad, total)
    assert measured.value == pytest.approx(oracle.statistic / oracle.dof)
    assert measured.source == "measured"
    assert measured.looks == 40


def test_independent_errors_measure_about_1_and_never_less() -> None:
    rng = np.random.default_rng(6)
    values = [pearson_dispersion(rng.binomial(200, 0.02, 60), np.full(60, 200)).value for _ in range(200)]
    assert min(values) == 1
    assert np.median(values) < 1.1


def test_users_who_fail_together_are_seen() -> None:
    rng = np.random.default_rng(7)
    users = rng.binomial(50, rng.beta(0.0233, 2.31, (60, 20))).sum(axis=1)
    assert pearson_dispersion(users, np.full(60, 1_000)).value > 8


@pytest.mark.parametrize(
    ("bad", "total", "looks", "why"),
    [
        ([1] * 29, [100] * 29, 29, FEW),
        ([1] * 29 + [0] * 9, [50] * 29 + [0] * 9, 29, FEW),
        ([0] * 60, [100] * 60, 0, ALIKE),
        ([0] * 5, [100] * 5, 0, ALIKE),
        ([9] * 60, [9] * 60, 0, ALIKE),
        ([], [], 0, ALIKE),
    ],
    ids=["too few looks", "too few with requests", "no error", "neither", "nothing but errors", "nothing"],
)
def test_what_cannot_be_measured_is_assumed_to_be_3_and_says_why(
    bad: list[int], total: list[int], looks: int, why: str
) -> None:
    assumed = pearson_dispersion(bad, total)
    assert assumed == Dispersion(3.0, "assumed", looks)
    assert str(assumed) == f"3 (assumed: {why})"


def test_one_observation_per_cluster_needs_no_correction() -> None:
    assert BY_CLUSTER.value == 1
    assert str(BY_CLUSTER) == "1 (one observation per cluster)"


def test_impossible_looks_and_values_are_refused() -> None:
    with pytest.raises(InputError, match="two equally long lists"):
        pearson_dispersion([5], [4])
    with pytest.raises(InputError, match=r"at least 1, not 0\.5"):
        Dispersion(0.5, "measured")
