import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mlops_actions.statistics.budget import Look, level
from mlops_actions.statistics.clusters import design
from mlops_actions.statistics.contrasts import combine, negate
from mlops_actions.statistics.estimate import Estimate
from mlops_actions.statistics.evaluation import evaluate
from mlops_actions.statistics.families import (
    Claim,
    Outcome,
    holm,
    judge_forbidden,
    judge_shown,
    rows_needed,
    split_alpha,
    visible_harm,
    within,
    worst,
)
from mlops_actions.statistics.sample import Predictions, Sample


def mean(value: float, se: float = 0.01, df: float = 999.0) -> Estimate:
    return Estimate(value, se, df, 1000, 1000, 1000, "identity", "mean")


UNKNOWN = Estimate(math.nan, math.nan, 0, 0, 0, 0, "wilson", "wilson")


def test_a_family_passes_when_each_member_clears_its_own_bound() -> None:
    claims = {str(k): Claim(mean(0.82), ">=", 0.80) for k in range(50)}
    assert judge_shown(claims, 0.95).outcome is Outcome.PASS


def test_one_unshown_member_leaves_the_family_open() -> None:
    found = judge_shown({"AA": Claim(mean(0.9), ">=", 0.8), "UA": Claim(mean(0.805), ">=", 0.8)}, 0.95)
    assert (found.outcome, found.open) == (Outcome.INCONCLUSIVE, ("UA",))


def test_a_failing_family_names_exactly_the_members_that_holm_rejects() -> None:
    claims = {"AA": Claim(mean(0.5), ">=", 0.8), "B6": Claim(mean(0.78), ">=", 0.8), "UA": Claim(mean(0.9), ">=", 0.8)}
    found = judge_shown(claims, 0.95)
    assert (found.outcome, found.rejected, found.open) == (Outcome.FAIL, ("AA", "B6"), ())
    stricter = judge_shown(claims, 0.95, split_alpha(0.05, 10))
    assert stricter.rejected == ("AA",)


@pytest.mark.parametrize("estimate", [UNKNOWN, mean(math.nan), mean(0.9, se=0.0), mean(0.9, df=3.0)])
@pytest.mark.parametrize("operator", [">", ">=", "<", "<="])
def test_what_cannot_be_judged_never_passes_and_never_fails(estimate: Estimate, operator: str) -> None:
    claims = {"AA": Claim(mean(0.9), ">=", 0.8), "XX": Claim(estimate, operator, 0.8)}  # type: ignore[arg-type]
    found = judge_shown(claims, 0.95)
    assert (found.outcome, found.undecidable) == (Outcome.INCONCLUSIVE, ("XX",))


def test_a_limit_that_is_not_a_number_never_passes() -> None:
    assert judge_shown({"": Claim(mean(0.9), ">=", math.nan)}, 0.95).outcome is Outcome.INCONCLUSIVE
    assert judge_shown({"": Claim(Estimate.point(0.9), "<=", math.nan)}, 0.95).outcome is Outcome.INCONCLUSIVE


def test_an_empty_family_is_inconclusive() -> None:
    assert judge_shown({}, 0.95).outcome is Outcome.INCONCLUSIVE
    assert judge_forbidden({}, 0.95).outcome is Outcome.INCONCLUSIVE


def test_a_guard_passes_where_no_harm_is_shown_and_says_what_it_could_see() -> None:
    harm = Claim(mean(-0.01, se=0.02), "<", -0.03)
    assert judge_forbidden({"AA": harm, "XX": Claim(UNKNOWN, "<", -0.03)}, 0.95).outcome is Outcome.PASS
    expected = -0.03 - (stats.t.ppf(0.975, 999) + stats.norm.ppf(0.8)) * 0.02
    assert visible_harm(harm, 0.95, members=2) == pytest.approx(expected, rel=1e-9)


def test_a_guard_without_any_judged_member_is_inconclusive() -> None:
    assert judge_forbidden({"XX": Claim(UNKNOWN, "<", -0.03)}, 0.95).outcome is Outcome.INCONCLUSIVE
    assert visible_harm(Claim(UNKNOWN, "<", -0.03), 0.95) is None


def test_a_guard_names_the_harmed_member() -> None:
    harms = {"AA": Claim(mean(-0.2), "<", -0.03), "UA": Claim(mean(0.0), "<", -0.03)}
    assert judge_forbidden(harms, 0.95).rejected == ("AA",)


@pytest.mark.parametrize(
    ("operator", "value", "outcome"),
    [("<=", 20.0, "pass"), ("<", 20.0, "fail"), (">=", 20.0, "pass"), (">", 20.0, "fail"), ("<=", 20.1, "fail")],
)
def test_a_point_passes_or_fails(operator: str, value: float, outcome: str) -> None:
    claim = Claim(Estimate.point(value), operator, 20.0)  # type: ignore[arg-type]
    assert judge_shown({"": claim}, 0.95).outcome == outcome
    assert judge_forbidden({"": claim}, 0.95).outcome == ("fail" if outcome == "pass" else "pass")


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20), st.floats(0.01, 0.2))
def test_holm_equals_its_adjusted_p_values(p_values: list[float], alpha: float) -> None:
    ordered = sorted(p_values)
    adjusted = np.maximum.accumulate([(len(ordered) - k) * p for k, p in enumerate(ordered)])
    found = holm(p_values, alpha)
    assert sum(found) == int(sum(adjusted <= alpha)) or np.isclose(adjusted, alpha).any()
    assert max([p for p, r in zip(p_values, found, strict=True) if r], default=-1) <= min(
        [p for p, r in zip(p_values, found, strict=True) if not r], default=2
    )


def test_holm_does_not_trust_a_nan() -> None:
    assert holm([math.nan, 0.001], 0.05) == [False, True]


def test_an_absolute_limit_is_two_one_sided_tests() -> None:
    assert judge_shown(within("", mean(0.0), 0.05), 0.95).outcome is Outcome.PASS
    assert judge_shown(within("", mean(0.045), 0.05), 0.95).outcome is Outcome.INCONCLUSIVE
    assert judge_shown(within("", mean(-0.1), 0.05), 0.95).rejected == (("", "low"),)
    with pytest.raises(ValueError, match="write two rules"):
        within("", mean(0.0), 0.05, ">=")


def test_the_worst_slice_is_bounded_by_the_slices_own_bounds() -> None:
    estimates = {"AA": mean(0.8), "UA": mean(0.9), "B6": mean(0.81, se=0.05)}
    lower, upper = worst(estimates, 0.95)
    assert lower == estimates["B6"].lower(0.95)
    assert upper == estimates["AA"].upper(1 - 0.05 / 3)
    assert worst({**estimates, "XX": UNKNOWN}, 0.95)[0] == -math.inf
    assert worst({}, 0.95) == (-math.inf, math.inf)
    assert worst(estimates, 0.95, least=False)[1] == estimates["B6"].upper(0.95) or worst(estimates, 0.95, least=False)[
        1
    ] == estimates["UA"].upper(0.95)


def test_rows_needed_follows_its_formula() -> None:
    claim = Claim(mean(0.80, se=0.02), ">=", 0.79)
    factor = stats.t.ppf(0.95, 999) + stats.norm.ppf(1 - 0.2 / 4)
    assert rows_needed(claim, 0.95, members=4) == math.ceil(1000 * (factor * 0.02 / 0.01) ** 2)


def test_rows_needed_gives_the_promised_power() -> None:
    rng = np.random.default_rng(1)
    pilot = mean(0.02, se=1 / math.sqrt(1000))
    rows = rows_needed(Claim(pilot, ">=", 0.0), 0.95)
    assert rows is not None
    z = (rng.normal(0.02, 1 / math.sqrt(rows), 20000)) * math.sqrt(rows)
    assert float((z > 1.645).mean()) == pytest.approx(0.8, abs=0.015)


def test_rows_needed_counts_clusters_where_there_are_some() -> None:
    clustered = Estimate(0.82, 0.02, 60, 5000, 400, 61, "identity", "mean")
    found = rows_needed(Claim(clustered, ">=", 0.80), 0.95)
    assert found is not None
    assert 350 < found < 420


def test_more_rows_are_not_asked_for_where_they_would_confirm_the_failure() -> None:
    assert rows_needed(Claim(mean(0.79), ">=", 0.80), 0.95) is None
    assert rows_needed(Claim(mean(-0.02), ">=", -0.01), 0.95, truth=0.0) is not None
    assert rows_needed(Claim(UNKNOWN, ">=", 0.80), 0.95) is None


def test_a_budget_divides_alpha() -> None:
    assert level(0.05, Look(3, 1, 100)) == pytest.approx(0.0005)
    assert [level(0.05, Look(1, look, 1)) for look in (1, 2, 3)] == [0.05, 0.025, 0.0125]
    assert Look(101, 1, 100).worn_out
    assert not Look(100, 1, 100).worn_out
    with pytest.raises(ValueError, match="count from 1"):
        Look(0, 1, 1)


def paired_sample(rows: int = 3000, seed: int = 1) -> Sample:
    rng = np.random.default_rng(seed)
    days = rng.integers(0, 60, rows)
    truth = (rng.random(rows) < 0.4).astype(np.intp)
    signal = truth + rng.normal(0, 0.6, 60)[days]
    a, b = (np.clip(0.2 + 0.3 * signal + rng.normal(0, 0.2, rows), 0, 1) for _ in range(2))
    models = (Predictions((s > 0.4).astype(np.intp), s) for s in (a, b))
    return Sample("binary", truth, next(models), next(models), design(rows, clusters=[days]))


@pytest.mark.parametrize("metric", ["roc_auc", "f1", "accuracy", "precision"])
def test_a_multiple_of_the_champion_has_the_variance_of_its_own_influence(metric: str) -> None:
    sample = paired_sample()
    found = evaluate(sample, [metric])
    contrast = combine(found.estimates[metric], found.champion[metric], found.differences[metric], b=0.9)
    rng = np.random.default_rng(2)
    days = sample.sampling.columns[0]
    drawn = []
    for count in rng.multinomial(60, np.full(60, 1 / 60), 300):
        again = evaluate(
            Sample("binary", sample.truth, sample.candidate, sample.champion, design(3000, weights=count[days] * 1.0)),
            [metric],
        )
        drawn.append(again.estimates[metric].value - 0.9 * again.champion[metric].value)
    assert contrast.se == pytest.approx(float(np.std(drawn)), rel=0.2)


def test_a_plain_difference_keeps_its_scale() -> None:
    found = evaluate(paired_sample(), ["accuracy"])
    difference = found.differences["accuracy"]
    assert combine(found.estimates["accuracy"], found.champion["accuracy"], difference) is difference
    assert difference.scale == "tango"


def test_models_that_never_disagree_do_not_make_a_contrast_certain() -> None:
    labels = np.arange(50) % 2
    wrong = labels ^ (np.arange(50) < 5)
    found = evaluate(Sample("binary", labels, Predictions(wrong), Predictions(wrong)), ["accuracy"])
    contrast = combine(found.estimates["accuracy"], found.champion["accuracy"], found.differences["accuracy"], b=0.98)
    assert not Claim(contrast, ">=", 0.0).shown(0.95)


def test_a_contrast_of_something_undecidable_is_undecidable() -> None:
    good = mean(0.9)
    for bad in (UNKNOWN, mean(math.nan), mean(0.9, se=0.0), mean(0.9, df=2.0)):
        assert combine(good, bad, mean(0.0), b=0.9).undecidable
        assert combine(bad, good, mean(0.0), b=0.9).undecidable
        assert combine(good, good, bad, b=0.9).undecidable
    with pytest.raises(ValueError, match="paired difference"):
        combine(good, good, None)


def test_the_opposite_of_a_difference_swaps_its_bounds() -> None:
    difference = evaluate(paired_sample(), ["accuracy"]).differences["accuracy"]
    assert negate(difference).lower(0.95) == pytest.approx(-difference.upper(0.95), abs=1e-12)
    with pytest.raises(ValueError, match="no opposite"):
        negate(Estimate(0.9, 0.1, 50, 50, 50, 50, "wilson", "wilson"))
