"""The state machine, fed with counts: no clock, no proxy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mlops_actions.canary_deploy.looks import Seen
from mlops_actions.canary_deploy.metrics.interface import ERRORS
from mlops_actions.canary_deploy.rollout import (
    Candidate,
    Rollout,
    Settings,
    attend,
    confirm,
    end,
    leave,
    look,
    resume,
    start,
)
from mlops_actions.evidence import Reason
from mlops_actions.statistics.sequential import BY_CLUSTER, Block, Counts, Metric

SETTINGS = Settings("envoy:…", "a:1", "b:2", steps=(5, 20, 50), interval=10, deadline=3600)
CANDIDATE = Candidate("flight-delay", "0" * 64, verified=True)
HISTORY = Counts(100, 10_000)
GOOD = Block(Counts(0, 400), Counts(4, 400))


def begun(settings: Settings = SETTINGS, margin: float = 0.01) -> Rollout:
    metric = Metric(ERRORS, BY_CLUSTER, HISTORY, margin=margin)
    return start("r1", settings, CANDIDATE, [metric], alpha=0.05, now=0.0)


def block(weight: float, requests: int, candidate_rate: float, stable_rate: float) -> Block:
    candidate = round(requests * weight / 100)
    stable = requests - candidate
    return Block(
        Counts(round(candidate * candidate_rate), candidate), Counts(round(stable * stable_rate), stable)
    )  # fmt: skip


def play(rollout: Rollout, requests: int, candidate_rate: float, stable_rate: float, looks: int = 300) -> Rollout:
    """Look after look at these rates, at whatever weight the rollout asks for."""
    for number in range(1, looks + 1):
        if rollout.ending:
            break
        counts = block(rollout.weight, requests, candidate_rate, stable_rate)
        rollout = look(rollout, Seen(10.0 * number, rollout.weight, {ERRORS: counts}))
    return rollout


def code(rollout: Rollout) -> str:
    assert rollout.ending is not None
    return rollout.ending.reasons[0].code


def test_an_equal_candidate_passes_every_step_on_its_own_evidence() -> None:
    rollout = play(begun(), requests=2000, candidate_rate=0.01, stable_rate=0.01)
    assert rollout.ending is not None
    assert (rollout.ending.outcome, rollout.ending.result) == ("promoted", "pass")
    assert rollout.weights == (5, 20, 50, 100)
    assert {seen.weight for seen in rollout.looks} == {5, 20, 50}


def test_a_worse_candidate_is_rolled_back_in_its_first_step() -> None:
    rollout = play(begun(), requests=2000, candidate_rate=0.1, stable_rate=0.01)
    assert rollout.ending is not None
    assert (rollout.ending.outcome, rollout.ending.result, rollout.weights) == ("rolled-back", "fail", (5, 0))
    assert code(rollout) == "worse"


def test_three_requests_that_all_fail_are_enough() -> None:
    rollout = look(begun(), Seen(10.0, 5.0, {ERRORS: Block(Counts(3, 3), Counts(1, 57))}))
    assert rollout.weight == 0


def test_without_traffic_the_deadline_decides_and_never_promotes() -> None:
    rollout = play(begun(), requests=0, candidate_rate=0, stable_rate=0, looks=360)
    assert rollout.ending is not None
    assert (rollout.ending.outcome, rollout.ending.result, rollout.weight) == ("rolled-back", "inconclusive", 0)
    assert [reason.code for reason in rollout.ending.reasons] == ["deadline", "no-requests"]


def test_a_rollout_that_holds_keeps_its_weight_and_is_inconclusive() -> None:
    rollout = play(begun(replace(SETTINGS, on_inconclusive="hold")), 0, 0, 0, looks=360)
    assert rollout.ending is not None
    assert (rollout.ending.outcome, rollout.ending.result, rollout.weights) == ("held", "inconclusive", (5,))


def test_nothing_ends_one_look_before_the_deadline() -> None:
    assert play(begun(), 0, 0, 0, looks=359).ending is None


def test_a_block_that_was_thrown_away_teaches_nothing() -> None:
    before = play(begun(), 2000, 0.01, 0.01, looks=1)
    after = look(before, Seen(20.0, 5.0, {}))
    assert after.decision.judgements == before.decision.judgements
    assert after.looks[-1].counts == {}


def test_a_weight_that_somebody_else_set_rolls_back() -> None:
    rollout = look(begun(), Seen(10.0, 77.0, {ERRORS: GOOD}))
    assert (code(rollout), rollout.weight) == ("weight-changed", 0)
    assert rollout.ending is not None
    assert rollout.ending.result == "inconclusive"
    assert "77 %" in rollout.ending.reasons[0].message


def test_a_restarted_proxy_that_lost_its_weight_is_named() -> None:
    assert code(look(begun(), Seen(10.0, 0.0, {}, restarted=True))) == "proxy-restarted"


def test_a_candidate_that_is_worse_fails_even_if_the_weight_was_changed_too() -> None:
    rollout = look(begun(), Seen(10.0, 77.0, {ERRORS: Block(Counts(50, 50), Counts(0, 950))}))
    assert rollout.ending is not None
    assert rollout.ending.result == "fail"


@pytest.mark.parametrize(("candidate", "stable"), [(0, 1000), (900, 100)])
def test_a_proxy_whose_traffic_does_not_follow_the_weight_rolls_back(candidate: int, stable: int) -> None:
    rollout = look(begun(), Seen(10.0, 5.0, {ERRORS: Block(Counts(0, candidate), Counts(0, stable))}))
    assert code(rollout) == "weight-not-followed"


@pytest.mark.parametrize("weight", [1.0, 5.0, 50.0, 90.0])
def test_a_proxy_that_draws_lots_at_the_weight_is_not_accused(weight: float) -> None:
    rng = np.random.default_rng(7)
    settings = replace(SETTINGS, steps=(weight,), deadline=1e6)
    rollout = begun(settings, margin=0.0)  # at a margin of 0 no evidence ends the step
    for number in range(1, 200):
        candidate = int(rng.binomial(500, weight / 100))
        counts = Block(Counts(0, candidate), Counts(0, 500 - candidate))
        rollout = look(rollout, Seen(float(number), weight, {ERRORS: counts}))
    assert rollout.ending is None


def test_every_metric_has_to_be_shown_before_a_step_advances() -> None:
    slow = Metric("slow", BY_CLUSTER, HISTORY)
    errors = Metric(ERRORS, BY_CLUSTER, HISTORY)
    rollout = start("r1", SETTINGS, CANDIDATE, [errors, slow], alpha=0.05, now=0.0)
    for number in range(1, 20):
        rollout = look(rollout, Seen(10.0 * number, 5.0, {ERRORS: block(5, 4000, 0.01, 0.01)}))
    assert (rollout.step, rollout.ending) == (0, None)
    metrics = rollout.looks[-1].metrics
    assert metrics["slow"].candidate is None
    assert (metrics["errors"].non_inferior or 0) > 2
    assert rollout.looks[-1].non_inferior == 0
    for number in range(20, 40):
        if rollout.step == 0:
            seen = {ERRORS: block(5, 4000, 0.01, 0.01), "slow": block(5, 4000, 0.01, 0.01)}
            rollout = look(rollout, Seen(10.0 * number, 5.0, seen))
    assert rollout.step == 1


def test_a_metric_that_is_worse_rolls_back_though_errors_are_fine() -> None:
    metrics = [Metric(name, BY_CLUSTER, HISTORY) for name in (ERRORS, "wrong")]
    rollout = start("r1", SETTINGS, CANDIDATE, metrics, alpha=0.05, now=0.0)
    seen = {ERRORS: block(5, 4000, 0.01, 0.01), "wrong": block(5, 4000, 0.2, 0.01)}
    rollout = look(rollout, Seen(10.0, 5.0, seen))
    assert rollout.ending is not None
    assert (rollout.ending.result, code(rollout)) == ("fail", "worse")
    assert rollout.ending.reasons[0].message.startswith("Wrong: canary 40 of 200")


def test_evidence_of_one_step_does_not_carry_the_next() -> None:
    rollout = begun()
    while rollout.step == 0:
        rollout = look(rollout, Seen(10.0, rollout.weight, {ERRORS: block(5, 2000, 0.01, 0.01)}))
    (judgement,) = rollout.decision.judgements
    assert judgement.non_inferior == pytest.approx(1.0)
    assert judgement.canary.total > 0


@pytest.mark.parametrize("effective", [0.0, 5.0])
def test_a_killed_rollout_goes_on_whether_or_not_its_weight_was_set(effective: float) -> None:
    rollout = begun()
    assert resume(rollout, effective) is rollout


def test_a_killed_rollout_whose_weight_was_changed_meanwhile_rolls_back() -> None:
    assert code(resume(begun(), 50.0)) == "weight-changed"


def test_a_rollout_that_meant_to_end_when_it_was_killed_still_ends() -> None:
    ended = end(begun(), "rolled-back", "inconclusive", Reason(code="cancelled", message="Cancelled."))
    assert resume(ended, 5.0) is ended
    assert not ended.is_over
    assert confirm(ended).is_over


def test_a_candidate_at_the_margin_is_seldom_rolled_back_and_seldom_promoted() -> None:
    """300 rollouts at the edge of both nulls, alpha = .05; `benchmarks/canary.py` repeats it at length."""
    rng = np.random.default_rng(2026)
    settings = replace(SETTINGS, steps=(20, 50), deadline=150)
    outcomes = []
    for _ in range(300):
        rollout = begun(settings)
        for number in range(1, 16):
            if rollout.ending:
                break
            candidate = int(rng.binomial(1000, rollout.weight / 100))
            counts = Block(
                Counts(int(rng.binomial(candidate, 0.02)), candidate),
                Counts(int(rng.binomial(1000 - candidate, 0.01)), 1000 - candidate),
            )
            rollout = look(rollout, Seen(10.0 * number, rollout.weight, {ERRORS: counts}))
        assert rollout.ending is not None
        outcomes.append(rollout.ending.outcome if rollout.ending.result != "inconclusive" else "inconclusive")
    limit = 0.05 + 3 * (0.05 * 0.95 / 300) ** 0.5
    assert outcomes.count("rolled-back") / 300 <= limit
    assert outcomes.count("promoted") / 300 <= limit


LITTLE = {ERRORS: Block(Counts(0, 10), Counts(2, 190))}
MUCH = Block(Counts(0, 400), Counts(76, 7600))


def test_a_step_waits_for_the_least_requests_that_the_user_wants() -> None:
    rollout = begun(replace(SETTINGS, minimum_requests=500))
    first = look(rollout, Seen(10.0, 5.0, {ERRORS: MUCH}))
    assert (first.step, first.seen[0]) == (0, 400)
    assert first.decision.action == "advance"
    assert look(first, Seen(20.0, 5.0, {ERRORS: Block(Counts(0, 100), Counts(19, 1900))})).step == 1
    late = look(first, Seen(3600.0, 5.0, LITTLE))
    assert late.ending is not None
    assert late.ending.reasons[-1].message == "The candidate answered 410 requests in this step, of at least 500."


def test_a_rollout_is_left_with_little_and_attended_at_its_steps_weight() -> None:
    rollout = look(begun(), Seen(10.0, 5.0, LITTLE))
    left = leave(rollout, unattended=2.0, now=11.0)
    assert (left.weights, left.seen) == ((5, 2), (0, 0))
    assert attend(left).weights == (5, 2, 5)
    assert attend(left).pause is None


def test_leaving_never_raises_a_weight() -> None:
    assert leave(begun(), unattended=30.0, now=11.0).weights == (5,)


def test_what_happens_in_a_pause_is_evidence_but_leaves_no_step() -> None:
    left = leave(begun(), unattended=5.0, now=11.0)
    seen = look(left, Seen(900.0, 5.0, {ERRORS: MUCH}))
    assert (seen.step, seen.ending, seen.decision.action) == (0, None, "advance")
    assert look(attend(seen), Seen(910.0, 5.0, LITTLE)).step == 1
    worse = look(left, Seen(900.0, 5.0, {ERRORS: Block(Counts(30, 40), Counts(4, 760))}))
    assert (code(worse), worse.weights, worse.pause) == ("worse", (5, 0), None)


def test_a_proxy_that_let_users_through_in_a_pause_without_weight_is_accused() -> None:
    left = leave(begun(), unattended=0.0, now=11.0)
    few = look(left, Seen(900.0, 0.0, {ERRORS: Block(Counts(0, 2), Counts(1, 998))}))
    assert few.ending is None, "what was on its way when the weight fell"
    many = look(left, Seen(900.0, 0.0, {ERRORS: Block(Counts(0, 300), Counts(3, 700))}))
    assert code(many) == "weight-not-followed"


def test_a_pause_whose_weight_was_confirmed_is_taken_up_by_its_look() -> None:
    left = leave(begun(), unattended=2.0, now=11.0)
    assert resume(left, 5.0) is left, "killed before the weight fell"
    assert code(resume(left, 40.0)) == "weight-changed"
