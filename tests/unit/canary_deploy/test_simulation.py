"""Whole rollouts without a proxy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mlops_actions.canary_deploy.looks import Seen
from mlops_actions.canary_deploy.metrics.interface import ERRORS
from mlops_actions.canary_deploy.rollout import Candidate, Rollout, Settings, confirm, look, start
from mlops_actions.canary_deploy.simulation import Recording, Schedule, Synthetic, recorded, simulate, summarize
from mlops_actions.canary_deploy.statement import state_rollout
from mlops_actions.errors import InputError
from mlops_actions.statistics.sequential import BY_CLUSTER, Counts, Dispersion, Metric

SETTINGS = Settings("exec:it", "a", "b", steps=(5, 20, 50), interval=10, deadline=3600)
METRIC = Metric(ERRORS, BY_CLUSTER, Counts(150, 15_000))


def conducted(candidate_rate: float, seed: int) -> Rollout:
    """A rollout as it is conducted, look by look."""
    service, chance = Synthetic(0.01, candidate_rate, 50), np.random.default_rng(seed)
    rollout = start("r", SETTINGS, Candidate("m", "0" * 64, verified=True), [METRIC], alpha=0.05, now=1000.0)
    while rollout.ending is None:
        block = service.block(len(rollout.looks), 10, rollout.weight, chance)
        now = 1000.0 + 10 * (len(rollout.looks) + 1)
        rollout = look(rollout, Seen(now, rollout.weight, {ERRORS: block}))
    return confirm(rollout)


@pytest.mark.parametrize("candidate_rate", [0.01, 0.1])
def test_a_recorded_rollout_replays_to_its_own_end(candidate_rate: float) -> None:
    was = conducted(candidate_rate, seed=3)
    recording, metric = recorded(state_rollout(was, ()).predicate)
    course = simulate(SETTINGS, metric, 0.05, recording, np.random.default_rng(0))
    assert was.ending is not None
    assert (course.outcome, course.result) == (was.ending.outcome, was.ending.result)
    assert course.weights == was.weights
    assert course.seconds == 10 * len(was.looks)
    assert course.harmed == sum(one.counts["candidate_errors"] for one in was.looks)


def test_a_recorded_rollout_goes_otherwise_with_other_settings() -> None:
    was = conducted(0.01, seed=3)
    recording, metric = recorded(state_rollout(was, ()).predicate)
    chance = np.random.default_rng(0)
    sooner = simulate(SETTINGS, replace(metric, margin=0.03), 0.05, recording, chance)
    assert sooner.outcome == "promoted"
    assert sooner.seconds < 10 * len(was.looks)
    never = simulate(SETTINGS, replace(metric, margin=0.0001), 0.05, recording, chance)
    assert (never.outcome, never.result) == ("unfinished", "inconclusive")


def test_a_look_at_another_weight_is_drawn_by_the_recorded_rates() -> None:
    was = conducted(0.1, seed=3)
    recording = Recording(was.looks)
    first = was.looks[0].counts
    total = first["candidate_requests"] + first["stable_requests"]
    chance = np.random.default_rng(5)
    blocks = [recording.block(0, 10, 50, chance) for _ in range(2000)]
    shares = [block.canary.total / total for block in blocks if block]
    assert np.mean(shares) == pytest.approx(0.5, abs=0.003)
    rates = sum(one.canary.bad for one in blocks if one) / sum(one.canary.total for one in blocks if one)
    assert rates == pytest.approx(first["candidate_errors"] / first["candidate_requests"], abs=0.003)


def test_a_statement_without_looks_has_nothing_to_replay() -> None:
    was = state_rollout(conducted(0.1, seed=3), ()).predicate.model_copy(update={"looks": [], "outcome": "refused"})
    with pytest.raises(InputError, match="the recorded rollout was refused and made no look"):
        recorded(was)


@pytest.mark.parametrize("dispersion", [1.0, 2.5, 4.0])
def test_errors_come_in_bunches_of_the_dispersion(dispersion: float) -> None:
    service, chance = Synthetic(0.02, 0.02, 100, dispersion), np.random.default_rng(7)
    looks = [service.history(10, chance) for _ in range(4000)]
    expected = [0.02 * one.total for one in looks]
    pearson = np.mean([(one.bad - e) ** 2 / (e * 0.98) for one, e in zip(looks, expected, strict=True)])
    # A mean of two sizes of bunches; its standard error is below a tenth.
    mixed = (int(dispersion) ** 2 + (dispersion % 1) * (2 * int(dispersion) + 1)) / dispersion
    assert pearson == pytest.approx(mixed, rel=0.1)
    assert sum(one.bad for one in looks) / sum(one.total for one in looks) == pytest.approx(0.02, rel=0.03)


def test_a_schedule_leaves_little_between_its_runs_and_still_decides() -> None:
    slow = replace(SETTINGS, interval=60, deadline=30 * 86_400)
    schedule = Schedule(every=3600, window=300, unattended=5)
    dispersed = Metric(ERRORS, Dispersion(1.0, "measured", 30), Counts(20, 2000), margin=0.02)
    course = simulate(slow, dispersed, 0.05, Synthetic(0.01, 0.01, 0.5), np.random.default_rng(1), schedule)
    assert course.outcome == "promoted"
    assert course.weights[:2] == (5, 20), "5 % may be left alone"
    assert 20 in course.weights
    after = [b for a, b in zip(course.weights, course.weights[1:], strict=False) if a > 5]
    assert set(after[:-1]) <= {5}, "each run leaves 5 % behind"
    assert course.seconds > 10 * 3600


def test_a_summary_counts_outcomes_and_the_users_who_were_harmed() -> None:
    chance = np.random.default_rng(2)
    courses = [simulate(SETTINGS, METRIC, 0.05, Synthetic(0.01, 1.0, 50), chance) for _ in range(20)]
    summary = summarize(courses)
    assert (summary.promoted, summary.rolled_back, summary.inconclusive) == (0, 1, 0)
    assert summary.seconds == (10, 10)
    assert summary.harmed[1] == max(one.harmed for one in courses) == max(one.asked for one in courses)
