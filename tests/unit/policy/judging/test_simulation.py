"""The whole judgement, from a rule's text to the decision, errs no more often than it says.

Each rate is held against the binomial bound that 1,000 repetitions of a true 5 % exceed once in 1,000 runs.
"""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from mlops_actions.policy.document import inline_policy
from mlops_actions.policy.facts import Champion, Facts, Scope
from mlops_actions.policy.judging.decision import decide
from mlops_actions.policy.judging.judge import Terms, judge
from mlops_actions.statistics.estimate import Estimate

REPETITIONS = 1000
AT_MOST = binom.ppf(0.999, REPETITIONS, 0.05) / REPETITIONS
TERMS = Terms(confidence=0.95, points=False, without_champion="skip", today=date(2030, 1, 1))
ROWS, DF = 2000, 60.0


def difference(value: float, se: float) -> Estimate:
    return Estimate(value, se, DF, ROWS, ROWS, 61, "identity", "paired")


def rates(
    rules: str, truth: NDArray[np.float64], se: float, *, seed: int, repetitions: int = REPETITIONS
) -> dict[str, float]:
    """How often each result comes out, when slice i's true difference is truth[i] and its own SE is estimated."""
    policy = inline_policy(rules)
    random = np.random.default_rng(seed)
    level = Estimate(0.8, 0.01, DF, ROWS, ROWS, 61, "identity", "mean")
    counts = {"pass": 0, "fail": 0, "inconclusive": 0}
    for _ in range(repetitions):
        seen = random.normal(truth, se)
        spread = se * np.sqrt(random.chisquare(DF, len(truth)) / DF)
        slices = {
            str(i): Scope(ROWS, {"recall": level}, {"recall": level}, {"recall": difference(float(v), float(s))})
            for i, (v, s) in enumerate(zip(seen, spread, strict=True))
        }
        about = Facts(Scope(ROWS), {"carrier": slices}, minimum_count=30, champion=Champion("compared"))
        counts[decide(judge(policy.rules, about, TERMS)).result] += 1
    return {result: count / repetitions for result, count in counts.items()}


def test_a_guard_refuses_an_equal_model_over_200_slices_at_most_five_times_in_a_hundred() -> None:
    # The hardest case: no margin, so that every slice stands exactly on the limit.
    found = rates("forbid recall[carrier] < champion", np.zeros(200), 0.028, seed=1)
    assert 0.02 < found["fail"] <= AT_MOST
    assert found["inconclusive"] == 0


def test_a_guard_with_a_margin_hardly_ever_refuses_an_equal_model() -> None:
    assert (
        rates("forbid recall[carrier] < champion - 0.03", np.zeros(200), 0.028, seed=2, repetitions=200)["fail"]
        <= 0.005
    )


def test_a_guard_sees_real_harm_in_one_slice_of_200() -> None:
    truth = np.where(np.arange(200) == 7, -0.2, 0.0)
    assert rates("forbid recall[carrier] < champion - 0.03", truth, 0.028, seed=3, repetitions=100)["fail"] > 0.9


def test_a_shown_rule_passes_a_model_with_one_slice_at_the_margin_at_most_five_times_in_a_hundred() -> None:
    truth = np.where(np.arange(20) == 0, -0.03, 0.0)
    found = rates("recall[carrier] >= champion - 0.03", truth, 0.006, seed=4)
    assert 0.02 < found["pass"] <= AT_MOST


def test_rules_that_block_together_refuse_an_equal_model_at_most_five_times_in_a_hundred() -> None:
    rules = "\n".join(f'forbid recall[carrier == "{i}"] < champion' for i in range(10))
    assert 0.02 < rates(rules, np.zeros(10), 0.02, seed=5)["fail"] <= AT_MOST
