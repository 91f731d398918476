"""The promises of how things are judged, by simulation: 1,000 repetitions against the binomial bound."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from mlops_actions.statistics.clusters import design
from mlops_actions.statistics.contrasts import combine
from mlops_actions.statistics.estimate import Estimate
from mlops_actions.statistics.evaluation import Evaluation, by_slice, evaluate
from mlops_actions.statistics.families import Claim, Outcome, judge_forbidden, judge_shown
from mlops_actions.statistics.sample import Predictions, Sample

REPETITIONS = 1000
ALPHA = 0.05
# More than this many of 1,000 would be seen once in a thousand times if the true rate were 5 %.
MOST = stats.binom.ppf(0.999, REPETITIONS, ALPHA) / REPETITIONS


def paired(gained: int, lost: int, n: int) -> Estimate:
    """The difference of two accuracies on n independent rows."""
    share = (gained + lost) / n - ((gained - lost) / n) ** 2
    return Estimate(
        (gained - lost) / n, (share / n) ** 0.5, n - 1.0, n, float(n), n, "tango", "tango", gained / n, lost / n
    )


def estimates(counts: NDArray[np.int64], n: int) -> dict[tuple[int, int], Estimate]:
    """One estimate for each pair of counts that occurs."""
    return {(int(g), int(c)): paired(int(g), int(c), n) for g, c in np.unique(counts.reshape(-1, 2), axis=0)}


def replicas(sample: Sample, metric: str, rows: int) -> list[Estimate]:
    """Repetitions laid end to end, each a slice: the engine's own by_slice judges all at once."""
    codes = np.repeat(np.arange(len(sample.truth) // rows), rows)
    parts = by_slice(sample, [metric], codes, len(sample.truth) // rows, Evaluation())
    return [part.estimates[metric] for part in parts]


def test_a_guard_over_200_slices_seldom_blocks_an_equal_model() -> None:
    slices, n = 200, 60
    rng = np.random.default_rng(1)
    counts = rng.multinomial(n, [0.025, 0.025, 0.95], (REPETITIONS, slices))[..., :2]
    table = estimates(counts, n)
    p = {pair: Claim(one, "<", -0.03).denied.p_refuted for pair, one in table.items()}
    smallest = [min(p[int(g), int(c)] for g, c in family) for family in counts]
    blocked = np.array(smallest) <= ALPHA / slices
    naive = ((counts[..., 0] - counts[..., 1]) / n < -0.03).any(axis=1)
    assert naive.mean() > 0.96
    assert blocked.mean() <= MOST
    for family, expected in zip(counts[:20], blocked[:20], strict=True):
        harms = {k: Claim(table[int(g), int(c)], "<", -0.03) for k, (g, c) in enumerate(family)}
        assert (judge_forbidden(harms, 1 - ALPHA).outcome is Outcome.FAIL) == expected


def test_one_slice_at_the_margin_seldom_lets_a_family_pass() -> None:
    n, margin = 2500, 0.03
    rng = np.random.default_rng(2)
    at_margin = rng.multinomial(n, [0.03, 0.06, 0.91], REPETITIONS)[:, :2]
    good = Claim(paired(200, 100, n), ">=", -margin)
    passes = [
        judge_shown({0: Claim(paired(int(g), int(c), n), ">=", -margin)} | dict.fromkeys(range(1, 20), good), 0.95)
        for g, c in at_margin
    ]
    rate = float(np.mean([found.outcome is Outcome.PASS for found in passes]))
    assert 0.02 < rate <= MOST


@pytest.mark.parametrize("discordance", [0.01, 0.03, 0.05, 0.1, 0.2, 0.4])
def test_fifty_rows_do_not_show_non_inferiority_by_accident(discordance: float) -> None:
    """Exact: the probability of every outcome when the candidate is one point worse and the margin is one point."""
    n, margin = 50, 0.01
    lost, gained = (discordance + margin) / 2, (discordance - margin) / 2
    wrong = naive = 0.0
    for c in range(n + 1):
        for b in range(n + 1 - c):
            chance = float(stats.multinomial.pmf([b, c, n - b - c], n, [gained, lost, 1 - discordance]))
            if chance < 1e-9:
                continue
            estimate = paired(b, c, n)
            wrong += chance * Claim(estimate, ">", -margin).shown(0.95)
            naive += chance * (estimate.value - 1.645 * estimate.se > -margin)
    assert wrong <= 0.055
    if discordance == 0.01:
        assert naive > 0.6
        assert wrong <= 0.04


@pytest.mark.parametrize("icc", [0.02, 0.1])
def test_wilson_with_clusters_covers_over_a_grid_of_rates(icc: float) -> None:
    clusters, size = 40, 10
    rows = clusters * size
    rng = np.random.default_rng(3)
    misses = []
    for p in (0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95):
        strength = 1 / icc - 1
        chance = rng.beta(p * strength, (1 - p) * strength, REPETITIONS * clusters)
        truth = np.ones(REPETITIONS * rows, dtype=np.intp)
        labels = (rng.random(len(truth)) < np.repeat(chance, size)).astype(np.intp)
        days = np.tile(np.repeat(np.arange(clusters), size), REPETITIONS)
        sample = Sample("binary", truth, Predictions(labels), design=design(len(truth), clusters=[days]))
        found = replicas(sample, "accuracy", rows)
        misses.append(np.mean([one.lower(0.95) > p for one in found]))
        misses.append(np.mean([one.upper(0.95) < p for one in found]))
    assert np.mean(misses) == pytest.approx(ALPHA, abs=0.015)
    assert max(misses) < 0.1


def clustered_f1(rng: np.random.Generator, sizes: NDArray[np.int64], repetitions: int) -> Sample:
    """Days with their own share of false positives and negatives."""
    days = np.tile(np.repeat(np.arange(len(sizes)), sizes), repetitions)
    owner = np.repeat(np.arange(repetitions), sizes.sum()) * len(sizes) + days
    truth = (rng.random(len(days)) < 0.4).astype(np.intp)
    spoilt = rng.random(len(days)) < rng.beta(0.25 * 24, 0.75 * 24, repetitions * len(sizes))[owner]
    return Sample("binary", truth, Predictions(truth ^ spoilt), design=design(len(days), clusters=[days]))


@pytest.mark.parametrize(
    ("sizes", "most"),
    [(np.full(61, 20), MOST), (np.array([200, 100, 60, 60, 40] + [20] * 25), 0.09)],
    ids=["61 equal days", "30 unequal days"],
)
def test_f1_over_days_misses_as_often_as_promised(sizes: NDArray[np.int64], most: float) -> None:
    rng = np.random.default_rng(4)
    # Four cells: true positive .4·.75, misses .4·.25, false alarms .6·.25.
    truth = 2 * 0.3 / (2 * 0.3 + 0.1 + 0.15)
    found = replicas(clustered_f1(rng, sizes, REPETITIONS), "f1", int(sizes.sum()))
    missed = np.mean([not one.lower(0.975) <= truth <= one.upper(0.975) for one in found])
    assert missed <= most


def test_auc_covers_and_pairing_halves_its_error() -> None:
    rng = np.random.default_rng(5)
    rows = 200
    truth = np.tile(np.arange(rows) % 2, REPETITIONS)
    signal = 1.2 * truth + rng.normal(0, 1, len(truth))
    a, b = signal + rng.normal(0, 0.3, len(truth)), signal + rng.normal(0, 0.3, len(truth))
    codes = np.repeat(np.arange(REPETITIONS), rows)
    sample = Sample("binary", truth, Predictions(None, a), Predictions(None, b))
    parts = by_slice(sample, ["roc_auc"], codes, REPETITIONS, Evaluation())
    area = float(stats.norm.cdf(1.2 / np.sqrt(2 * (1 + 0.3**2))))
    alone = [part.estimates["roc_auc"] for part in parts]
    differences = [part.differences["roc_auc"] for part in parts]
    assert np.mean([one.lower(0.95) > area for one in alone]) <= MOST
    assert np.mean([one.upper(0.95) < area for one in alone]) <= MOST
    assert np.mean([one.lower(0.95) > 0 for one in differences]) <= MOST
    assert np.mean([one.se for one in differences]) < 0.6 * np.mean([one.se for one in alone])


def test_combined_contrasts_are_as_careful_as_differences() -> None:
    """A candidate exactly at 98 % of the champion, so that `>= 0.98 * champion` is true only by equality."""
    rng = np.random.default_rng(6)
    n, found = 400, 0
    for _ in range(REPETITIONS):
        champion = rng.random(n) < 0.9
        kept = rng.random(n) < 0.98
        truth = np.ones(n, dtype=np.intp)
        sample = Sample("binary", truth, Predictions((champion & kept) * 1), Predictions(champion * 1))
        one = evaluate(sample, ["accuracy"])
        contrast = combine(one.estimates["accuracy"], one.champion["accuracy"], one.differences["accuracy"], b=0.98)
        found += Claim(contrast, ">=", 0.0).shown(0.95)
    assert found / REPETITIONS <= MOST
