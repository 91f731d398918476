"""Differences and ratios between groups that share clusters, against the bootstrap of clusters and the gate."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mlops_actions.statistics.between import errors_between
from mlops_actions.statistics.clusters import design
from mlops_actions.statistics.contrasts import combine, negate
from mlops_actions.statistics.estimate import Estimate
from mlops_actions.statistics.evaluation import by_slice, evaluate
from mlops_actions.statistics.families import Claim, Outcome, gaps, judge_shown, ratios
from mlops_actions.statistics.groups import difference, greatest_gap, least_ratio
from mlops_actions.statistics.sample import Predictions, Sample

DAYS, GROUPS = 60, 3


def sample(rows: int = 4000, *, clusters: bool = True) -> tuple[Sample, np.ndarray[tuple[int], np.dtype[np.intp]]]:
    """Scores that go up and down by day, of three groups that all meet on every day."""
    generator = np.random.default_rng(3)
    days = generator.integers(0, DAYS, rows)
    truth = (generator.random(rows) < 0.4).astype(np.intp)
    scores = np.clip(0.2 + 0.3 * (truth + generator.normal(0, 0.6, DAYS)[days]) + generator.normal(0, 0.2, rows), 0, 1)
    model = Predictions((scores > 0.4).astype(np.intp), scores)
    sampling = design(rows, clusters=[days] if clusters else [])
    return Sample("binary", truth, model, None, sampling), generator.integers(0, GROUPS, rows)


def rates(of: Sample, groups: np.ndarray[tuple[int], np.dtype[np.intp]], metric: str) -> dict[str, Estimate]:
    parts = by_slice(of, [metric], groups, GROUPS, evaluate(of, [metric]))
    return {str(i): part.estimates[metric] for i, part in enumerate(parts)}


@pytest.mark.parametrize("metric", ["selection_rate", "precision", "roc_auc", "calibration_in_the_large"])
def test_errors_of_differences_are_those_of_the_bootstrap_of_clusters(metric: str) -> None:
    whole, groups = sample()
    found = errors_between(whole, [metric], groups, GROUPS)[metric]
    days, drawn = whole.sampling.columns[0], []
    for count in np.random.default_rng(7).multinomial(DAYS, np.full(DAYS, 1 / DAYS), 400):
        again = Sample("binary", whole.truth, whole.candidate, None, design(len(days), weights=count[days] * 1.0))
        values = [
            part.estimates[metric].value for part in by_slice(again, [metric], groups, GROUPS, evaluate(again, []))
        ]
        drawn.append([values[0] - values[1], values[0] - values[2], values[1] - values[2]])
    assert found[[0, 0, 1], [1, 2, 2]] == pytest.approx(np.std(drawn, axis=0), rel=0.15)
    assert found == pytest.approx(found.T)
    assert np.diagonal(found) == pytest.approx(0.0, abs=1e-9)


def test_groups_that_move_together_are_told_apart_sooner() -> None:
    whole, groups = sample()
    values = rates(whole, groups, "selection_rate")
    error = errors_between(whole, ["selection_rate"], groups, GROUPS)["selection_rate"][0, 1]
    assert error < 0.6 * math.hypot(values["0"].se, values["1"].se)


def test_groups_without_a_common_cluster_are_independent() -> None:
    whole, _ = sample()
    groups = whole.sampling.columns[0] % GROUPS
    values = rates(whole, groups, "recall")
    error = errors_between(whole, ["recall"], groups, GROUPS)["recall"][0, 2]
    assert error == pytest.approx(math.hypot(values["0"].se, values["2"].se), rel=1e-12)


def test_independent_rows_need_no_errors_of_differences() -> None:
    whole, groups = sample(clusters=False)
    values = rates(whole, groups, "mcc")
    error = errors_between(whole, ["mcc"], groups, GROUPS)["mcc"][0, 1]
    assert difference(values["0"], values["1"], None, clustered=False).se == pytest.approx(error, rel=1e-12)


def test_several_ways_of_clustering_are_at_least_the_widest_of_them() -> None:
    whole, groups = sample()
    days = whole.sampling.columns[0]
    users = np.random.default_rng(8).integers(0, 300, len(days))

    def error(*columns: np.ndarray[tuple[int], np.dtype[np.intp]]) -> float:
        one = Sample("binary", whole.truth, whole.candidate, None, design(len(days), clusters=columns))
        return float(errors_between(one, ["recall"], groups, GROUPS)["recall"][0, 1])

    both, day, user, neither = error(days, users), error(days), error(users), error(days * 1000 + users)
    assert both >= max(day, user)
    assert both == pytest.approx(math.sqrt(max(day**2 + user**2 - neither**2, day**2, user**2)), rel=1e-12)


def test_blocks_of_clusters_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, groups = sample()
    at_once = errors_between(whole, ["recall"], groups, GROUPS)["recall"]
    monkeypatch.setattr("mlops_actions.statistics.influence._CELLS", 7 * GROUPS)
    assert errors_between(whole, ["recall"], groups, GROUPS)["recall"] == pytest.approx(at_once, rel=1e-12)


def test_a_gap_to_a_perfect_group_is_not_certain() -> None:
    truth = np.ones(60, dtype=np.intp)
    whole, groups = Sample("binary", truth, Predictions(truth.copy())), np.arange(60) % 2
    values = [part.estimates["recall"] for part in by_slice(whole, ["recall"], groups, 2, evaluate(whole, ["recall"]))]
    error = errors_between(whole, ["recall"], groups, 2)["recall"][0, 1]
    assert difference(values[0], values[1], float(error), clustered=False).se > 0.03


def test_an_empty_group_has_no_gap() -> None:
    truth = np.arange(60) % 2
    whole, groups = Sample("binary", truth, Predictions(truth)), np.zeros(60, dtype=np.intp)
    values = [part.estimates["recall"] for part in by_slice(whole, ["recall"], groups, 2, evaluate(whole, ["recall"]))]
    error = errors_between(whole, ["recall"], groups, 2)["recall"][0, 1]
    assert math.isnan(error)
    assert difference(values[0], values[1], error, clustered=False).undecidable == "no-data"


@pytest.mark.parametrize("metric", ["selection_rate", "recall"])
def test_bounds_of_the_greatest_gap_and_the_least_ratio_are_where_the_gate_turns(metric: str) -> None:
    whole, groups = sample()
    values = rates(whole, groups, metric)
    errors = errors_between(whole, [metric], groups, GROUPS)[metric]
    pairs = {
        (g, h): difference(values[g], values[h], float(errors[int(g), int(h)]), clustered=True)
        for g, h in (("0", "1"), ("0", "2"), ("1", "2"))
    }
    gap, ratio = greatest_gap(pairs, 0.95), least_ratio(values, pairs, 0.95)
    assert gap
    assert ratio
    assert gap.value == pytest.approx(max(abs(values[g].value - values[h].value) for g, h in pairs))
    assert ratio.value == pytest.approx(
        min(one.value / two.value for one in values.values() for two in values.values())
    )
    assert gap.lower < gap.value < gap.upper
    assert ratio.lower < ratio.value < ratio.upper
    for step, outcome in ((1e-6, Outcome.PASS), (-1e-6, Outcome.INCONCLUSIVE)):
        assert judge_shown(gaps(pairs, gap.upper + step), 0.95).outcome is outcome
        assert judge_shown(ratios(values, pairs, ratio.lower - step), 0.95).outcome is outcome


def test_bounds_of_a_ratio_are_the_ratios_at_which_its_contrast_is_not_told_from_0() -> None:
    one, two = (Estimate(v, 0.02, 59, 600, 300, 60, "identity", "mean") for v in (0.3, 0.5))
    apart = difference(one, two, 0.01, clustered=True)
    found = least_ratio({"a": one, "b": two}, {("a", "b"): apart}, 0.95)
    assert found
    assert (found.first, found.second, found.value) == ("a", "b", 0.6)
    contrast = combine(one, two, apart, b=found.lower)
    assert Claim(contrast, ">=", 0.0).estimate.lower(0.95) == pytest.approx(0.0, abs=1e-9)
    assert combine(one, two, apart, b=found.upper).upper(0.975) == pytest.approx(0.0, abs=1e-9)


def test_one_group_has_no_extreme_and_an_unknown_pair_no_bound() -> None:
    known, few = (Estimate(0.5, 0.02, df, 600, 300, 60, "identity", "mean") for df in (59, 3))
    pairs = {
        ("a", "b"): difference(known, known, None, clustered=False),
        ("a", "c"): difference(known, few, None, clustered=False),
    }
    gap, ratio = greatest_gap(pairs, 0.95), least_ratio({"a": known, "b": known, "c": few}, pairs, 0.95)
    assert greatest_gap({}, 0.95) is least_ratio({"a": known}, {}, 0.95) is None
    assert gap
    assert ratio
    assert (gap.upper, ratio.lower) == (math.inf, 0.0)
    assert negate(pairs["a", "b"]).value == 0.0
