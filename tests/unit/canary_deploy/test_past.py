"""A candidate beside the stable side of before the switch."""

from __future__ import annotations

import numpy as np

from mlops_actions.canary_deploy.baseline import summarize
from mlops_actions.canary_deploy.looks import Seen
from mlops_actions.canary_deploy.past import beside_past, set_aside, with_known_dispersion
from mlops_actions.canary_deploy.rollout import Candidate, Rollout, Settings, look, start
from mlops_actions.statistics.sequential import BY_CLUSTER, Block, Counts, Metric
from mlops_actions.statistics.sequential.counts import NOTHING

LOOKS = [{"errors": Counts(number, 100)} for number in range(9)]
SETTINGS = Settings(
    "envoy:…", "a:1", "b:2", steps=(100,), interval=10, deadline=600, on_inconclusive="hold", strategy="blue-green"
)


def test_a_third_is_known_beforehand_and_the_rest_is_compared_with() -> None:
    known, past = set_aside(summarize(LOOKS, 90))
    assert known.counts == Counts(0 + 1 + 2, 300)
    assert known.requests_per_second == 10
    assert [one["errors"].bad for one in past] == [3, 4, 5, 6, 7, 8]


def test_the_dispersion_is_measured_on_no_look_that_is_compared_with() -> None:
    calm = [{"errors": Counts(5, 100)}, {"errors": Counts(6, 100)}]
    looks = calm * 15 + LOOKS * 7  # 93, of which 31 are known beforehand
    known, past = set_aside(summarize(looks, 930))
    assert known.dispersion == summarize(looks[:31], 310).dispersion
    assert (known.dispersion.source, known.dispersion.value) == ("measured", 1.0)
    assert summarize(past, 620).dispersion.value > 1.2, "what is compared with would have said something else"


def test_with_too_few_looks_beside_those_compared_with_the_dispersion_is_assumed() -> None:
    baseline = summarize(LOOKS * 5, 450)
    assert baseline.dispersion.source == "measured"
    assert str(set_aside(baseline)[0].dispersion) == ("3 (assumed: 15 usable looks at the baseline, 30 are needed)")


def test_the_plan_counts_all_looks_with_the_dispersion_that_judges() -> None:
    baseline = summarize(LOOKS * 5, 450)
    ahead = with_known_dispersion(baseline)
    assert ahead.counts == baseline.counts
    assert ahead.looks == baseline.looks
    assert ahead.dispersion == set_aside(baseline)[0].dispersion


def test_what_is_counted_only_later_has_an_assumed_dispersion() -> None:
    late = [*LOOKS * 5, *({**look, "slow": Counts(1, 100)} for look in LOOKS * 5)]
    known, _ = set_aside(summarize(late, 900))
    assert known.metrics["slow"].counts == NOTHING
    assert (known.metrics["slow"].dispersion.value, known.metrics["slow"].dispersion.source) == (3.0, "assumed")


def test_each_look_has_one_look_of_the_past_until_there_are_no_more() -> None:
    seen = Seen(0.0, 100, {"errors": Block(Counts(1, 80), NOTHING)})
    assert beside_past(seen, LOOKS, 2).blocks == {"errors": Block(Counts(1, 80), Counts(2, 100))}
    assert beside_past(seen, LOOKS, 9).blocks == {"errors": Block(Counts(1, 80), NOTHING)}


def switched(rng: np.random.Generator, stable: float, candidate: float) -> Rollout:
    looks = [{"errors": Counts(int(rng.binomial(200, stable)), 200)} for _ in range(30)]
    known, past = set_aside(summarize(looks, 300))
    metric = Metric("errors", BY_CLUSTER, known.counts, margin=0.01)
    rollout = start("r", SETTINGS, Candidate("m", "0" * 64, True), [metric], 0.05, 0.0, past)
    for number in range(1, 61):
        if rollout.ending:
            break
        block = Block(Counts(int(rng.binomial(200, candidate)), 200), NOTHING)
        rollout = look(rollout, Seen(10.0 * number, 100, {"errors": block}))
    return rollout


def bunched(rng: np.random.Generator, looks: int, bunch: int = 2) -> Rollout:
    """A candidate at the margin, of errors that come two by two; the dispersion is of the looks known beforehand."""

    def draw(rate: float) -> Counts:
        return Counts(bunch * int(rng.binomial(200 // bunch, rate)), 200)

    known, past = set_aside(summarize([{"errors": draw(0.01)} for _ in range(looks)], 10 * looks))
    metric = Metric("errors", known.dispersion, known.counts, margin=0.01)
    rollout = start("r", SETTINGS, Candidate("m", "0" * 64, True), [metric], 0.05, 0.0, past)
    for number in range(1, 61):
        if rollout.ending:
            break
        rollout = look(rollout, Seen(10.0 * number, 100, {"errors": Block(draw(0.02), NOTHING)}))
    return rollout


def outcome(rollout: Rollout) -> str:
    assert rollout.ending
    assert rollout.ending.reasons[-1].code == "compared-with-past"
    return rollout.ending.outcome


def test_a_candidate_that_is_worse_than_the_past_is_rolled_back_and_a_good_one_promoted() -> None:
    rng = np.random.default_rng(1)
    assert outcome(switched(rng, 0.01, 0.10)) == "rolled-back"
    assert outcome(switched(rng, 0.01, 0.001)) == "promoted"


def test_at_the_margin_neither_error_is_made_more_often_than_alpha() -> None:
    """200 switches; the rate stays as it was, which is what the comparison supposes."""
    rng = np.random.default_rng(20)
    outcomes = [outcome(switched(rng, 0.01, 0.02)) for _ in range(200)]
    allowed = 0.05 + 3 * (0.05 * 0.95 / 200) ** 0.5
    assert outcomes.count("rolled-back") / 200 <= allowed
    assert outcomes.count("promoted") / 200 <= allowed


def test_nor_is_it_of_errors_in_bunches_whose_dispersion_was_measured_on_other_looks() -> None:
    """200 switches, each with 31 looks known beforehand and 62 compared with."""
    rng = np.random.default_rng(21)
    outcomes = [outcome(bunched(rng, looks=93)) for _ in range(200)]
    allowed = 0.05 + 3 * (0.05 * 0.95 / 200) ** 0.5
    assert outcomes.count("rolled-back") / 200 <= allowed
    assert outcomes.count("promoted") / 200 <= allowed
