from __future__ import annotations

import math
import time
from types import ModuleType
from typing import Any

import pytest

from mlops_actions.errors import InputError
from mlops_actions.statistics.sequential import Hypotheses, Plan, plan


def ahead(**changes: Any) -> Plan:
    settings: dict[str, Any] = {
        "weights": [10, 50, 100],
        "baseline_rate": 0.01,
        "requests_per_second": 50.0,
        "interval": 10.0,
        "deadline": 3_600.0,
        "hypotheses": Hypotheses(0.01),
    }
    return plan(**settings | changes)


@pytest.mark.parametrize("position", [0, 1])
def test_the_time_of_a_step_is_what_simulated_rollouts_take(benchmark_canary: ModuleType, position: int) -> None:
    scenario = benchmark_canary.GOOD[position]
    simulated = benchmark_canary.simulate(scenario, 300)["e-process: promote"]
    step = ahead(weights=[10], hypotheses=Hypotheses(scenario.margin), interval=0.01).steps[0]
    assert 0.1 * 50 * step.likely_seconds == pytest.approx(simulated.quantile(0.9), rel=0.3)
    assert 0.1 * step.requests == pytest.approx(simulated.requests[simulated.requests < math.inf].mean(), rel=0.3)


@pytest.mark.parametrize(("position", "rate"), [(0, 0.05), (1, 0.05), (2, 0.05), (3, 0.02)])
def test_what_is_called_detectable_is_detected(benchmark_canary: ModuleType, position: int, rate: float) -> None:
    scenario = benchmark_canary.BROKEN[position]
    weight = scenario.weight(0)
    simulated = benchmark_canary.simulate(scenario, 300)["e-process: roll back"]
    hypotheses = Hypotheses(scenario.margin)
    by = simulated.quantile(0.8) / weight
    found = ahead(weights=[100 * weight], requests_per_second=1.0, deadline=by, hypotheses=hypotheses).detectable
    assert found == pytest.approx(rate, rel=0.15)


def test_only_weights_with_a_baseline_are_judged() -> None:
    assert [step.weight for step in ahead(weights=[5, 20, 50, 100]).steps] == [5, 20, 50]


def test_the_margin_says_which_rates_it_lets_through() -> None:
    assert ahead().let_through == pytest.approx(0.02)
    assert ahead(hypotheses=Hypotheses(0.0, ratio=1.5)).let_through == pytest.approx(0.015)
    seen = ahead().detectable
    assert seen is not None
    assert seen > 0.02


def test_a_dispersion_costs_its_multiple_of_requests() -> None:
    assert ahead(hypotheses=Hypotheses(0.01, dispersion=3.0)).steps[0].requests == pytest.approx(
        3 * ahead().steps[0].requests
    )


def test_a_deadline_that_cannot_decide_is_refused_and_says_why() -> None:
    short = ahead(deadline=120.0)
    assert not short.can_decide
    assert short.reasons == (
        "the steps are expected to take 4.8 min and the deadline is 2 min: a canary as good as the baseline would be "
        f"promoted by then with probability {short.probability:.2g}; a longer deadline, more traffic, fewer steps, "
        "a higher first weight or a wider margin decides sooner",
    )
    assert short.probability < 0.1
    assert ahead().can_decide
    assert ahead().probability > 0.99


def test_without_a_margin_an_equal_canary_is_never_promoted() -> None:
    never = ahead(hypotheses=Hypotheses(0.0))
    assert not never.can_decide
    assert never.seconds == math.inf
    assert never.reasons == ("with a margin of 0 no amount of traffic shows that an equal canary is good enough",)


def test_too_little_traffic_detects_nothing_and_says_so() -> None:
    assert ahead(requests_per_second=0.001).detectable is None


def test_a_plan_takes_less_than_a_fifth_of_a_second() -> None:
    before = time.process_time()
    ahead(weights=[1, 5, 10, 20, 50, 100])
    assert time.process_time() - before < 0.2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights": []}, "steps: weights rise from above 0 to at most 100 percent, the first below 100, not []."),
        (
            {"weights": [100]},
            "steps: weights rise from above 0 to at most 100 percent, the first below 100, not [100].",
        ),
        (
            {"weights": [20, 10]},
            "steps: weights rise from above 0 to at most 100 percent, the first below 100, not [20, 10].",
        ),
        ({"baseline_rate": 0}, "the baseline's rate is strictly between 0 and 1, not 0."),
        ({"requests_per_second": 0}, "requests per second is above 0, not 0."),
        ({"deadline": math.nan}, "deadline: deadline is above 0, not nan."),
    ],
)
def test_settings_that_make_no_sense_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as refusal:
        ahead(**changes)
    assert str(refusal.value) == message
