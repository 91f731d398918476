"""Rules about latency: judged over repeats where there are some, as a point where an old statement has only that."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evaluations import binary_evaluation
from gate_facts import SCORE, TERMS, judged, sentence
from mlops_actions.errors import InputError
from mlops_actions.evidence.evaluation import Latency, Timing
from mlops_actions.policy.facts import Scope, facts_of
from mlops_actions.policy.judging.judge import judge
from mlops_actions.statistics.latency import mean_of


def repeats(*values: float) -> list[float]:
    """Twelve of them, a tenth apart."""
    return [value + shift for value in values for shift in (-0.1, 0.0, 0.1)] * (4 // len(values))


NAME = "latency_p95_ms"
TIMED = replace(
    SCORE,
    timed=Scope(
        12,
        {NAME: mean_of(repeats(11.0))},
        {NAME: mean_of(repeats(10.0))},
        {NAME: mean_of(repeats(1.0), scale="identity")},
    ),
)


def test_an_interval_over_repeats_decides() -> None:
    assert sentence(f"{NAME} <= 20", TIMED) == (
        "pass",
        "shown",
        "latency_p95_ms is 11 (10.96 to 11.04 at 95 % confidence); it is shown to be at most 20.",
    )
    assert sentence(f"{NAME} <= 10", TIMED)[:2] == ("fail", "limit-broken")
    assert sentence(f"{NAME} <= 11.01", TIMED) == (
        "inconclusive",
        "not-shown",
        "latency_p95_ms is 11 (10.96 to 11.04 at 95 % confidence); that does not show it to be at most 11.01. "
        "More `latency-repeats` in evaluate-model may show it.",
    )


def test_the_champion_is_compared_with_by_pairs_of_repeats() -> None:
    assert sentence(f"{NAME} <= 1.2 * champion", TIMED) == (
        "pass",
        "shown",
        "latency_p95_ms is 1 below 1.2 × the champion's (-1.049 to -0.9508 at 95 % confidence); "
        "it is shown to be at most 1.2 × the champion's.",
    )
    assert sentence(f"{NAME} <= champion", TIMED)[:2] == ("fail", "limit-broken")
    assert sentence(f"forbid {NAME} > champion + 2", TIMED)[0] == "pass"
    assert sentence(f"forbid {NAME} > champion + 0.5", TIMED)[0] == "fail"


def test_few_repeats_beside_the_champion_decide_nothing() -> None:
    nine = [9.9, 10.0, 10.1] * 3
    few = replace(
        TIMED,
        timed=Scope(9, {NAME: mean_of(nine)}, {NAME: mean_of(nine)}, {NAME: mean_of([-0.1, 0.0, 0.1] * 3, "identity")}),
    )
    assert sentence(f"{NAME} <= 1.2 * champion", few)[:2] == ("inconclusive", "few-clusters")


def test_what_was_not_timed_beside_the_champion_is_not_compared_with_it() -> None:
    alone = replace(TIMED, timed=Scope(12, TIMED.timed.estimates), measured={NAME: 11.0})
    assert sentence(f"{NAME} <= 1.2 * champion", alone) == (
        "inconclusive",
        "not-measured",
        "latency_p95_ms was not measured beside the champion's: give evaluate-model `compare-latency: true`.",
    )
    untimed = replace(SCORE, measured={NAME: 11.0})
    assert sentence(f"{NAME} <= 1.2 * champion", untimed)[:2] == ("inconclusive", "not-measured")


def test_few_repeats_decide_nothing_and_say_so() -> None:
    few = replace(TIMED, timed=Scope(9, {NAME: mean_of([11.0, 11.1, 10.9] * 3)}))
    assert sentence(f"{NAME} <= 20", few)[:2] == ("inconclusive", "few-clusters")
    assert "latency_p95_ms rests on 9 repeats, at least 10 are needed" in sentence(f"{NAME} <= 20", few)[2]


def test_a_quantile_that_was_not_measured_decides_nothing() -> None:
    assert sentence("latency_p99_ms <= 20", TIMED)[:2] == ("inconclusive", "not-measured")


def test_a_number_that_was_not_repeated_is_judged_as_it_is() -> None:
    assert sentence(f"{NAME} <= 20", replace(SCORE, measured={NAME: 11.0}))[2] == (
        "latency_p95_ms is 11; it is at most 20."
    )


def test_a_latency_that_can_fail_by_chance_has_its_share_of_the_error() -> None:
    other = replace(TIMED, timed=Scope(12, {NAME: mean_of(repeats(11.0)), "latency_p50_ms": mean_of(repeats(5.0))}))
    near = f"{NAME} <= 10.955"
    assert judged(near, other)[0].result == "fail"
    assert [one.result for one in judged(f"{near}\nlatency_p50_ms <= 8", other)] == ["inconclusive", "pass"]


@pytest.mark.parametrize("rule", ["size_mb <= champion", "age(model) <= champion", f"{NAME} <= 1.2 * anchor"])
def test_plain_numbers_are_not_compared_with_another_model(rule: str) -> None:
    with pytest.raises(InputError):
        judged(rule, TIMED)


def test_an_evaluation_that_repeated_calls_is_never_judged_on_the_point() -> None:
    old = binary_evaluation(slices=1).model_copy(update={"timing": Timing(score_seconds=1.0, latency_p95_ms=3.0)})
    assert facts_of(old).measured[NAME] == 3.0
    new = old.model_copy(update={"latency": Latency(repeats=12, calls={"row": 20}, batch_rows=1, estimates={})})
    assert facts_of(new).measured[NAME] is None
    assert judge([], facts_of(new), TERMS) == []
