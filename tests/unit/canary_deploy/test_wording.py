"""What people read before and while a rollout runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mlops_actions.canary_deploy.looks import Seen
from mlops_actions.canary_deploy.metrics.interface import ERRORS
from mlops_actions.canary_deploy.pause import Pause
from mlops_actions.canary_deploy.rollout import Candidate, Rollout, Settings, leave, look, start
from mlops_actions.canary_deploy.wording import look_line, plan_lines, unattended_line, what_would_decide
from mlops_actions.statistics.sequential import BY_CLUSTER, Block, Counts, Hypotheses, Metric, Plan, plan

SETTINGS = Settings("envoy:127.0.0.1:1", "a:1", "b:2", steps=(5, 20), interval=10, deadline=6000)


def begun() -> Rollout:
    metric = Metric(ERRORS, BY_CLUSTER, Counts(1, 100))
    return start("r1", SETTINGS, Candidate("m", "0" * 64, verified=True), [metric], alpha=0.05, now=1.5)


def ahead(requests_per_second: float, deadline: float = 3600) -> Plan:
    return plan(
        weights=[5, 20, 50, 100],
        baseline_rate=0.01,
        requests_per_second=requests_per_second,
        interval=10,
        deadline=deadline,
        hypotheses=Hypotheses(0.01),
    )


def test_a_look_is_one_line_with_both_evidences_as_bars() -> None:
    rollout = look(begun(), Seen(20.0, 5.0, {ERRORS: Block(Counts(3, 40), Counts(1, 760))}))
    assert look_line(rollout, step=0) == (
        "step 1 of 2 at 5 %: candidate 3 of 40 failed, stable 1 of 760 failed; worse ███░░░░░ 4.1 of 20; "
        "good ░░░░░░░░ 0.18 of 20"
    )


def test_a_look_that_is_thrown_away_says_so() -> None:
    assert look_line(look(begun(), Seen(20.0, 5.0, {})), step=0).startswith(
        "step 1 of 2 at 5 %: the counters were reset or not read, this look is thrown away; "
    )


def test_what_is_left_alone_is_told_in_requests() -> None:
    rollout = look(begun(), Seen(20.0, 5.0, {ERRORS: Block(Counts(0, 40), Counts(1, 760))}))
    left = leave(rollout, 2.0, now=21.0)
    left = replace(left, pause=Pause(21.0, None, requests_per_second=50))
    told = (
        "until the next run nobody looks, and the candidate holds 2 %: a bad model could touch 3,600 requests an hour"
    )
    assert unattended_line(left) == told
    later = look(left, Seen(920.0, 2.0, {}))
    assert unattended_line(later) == f"{told}, 900 in a pause as long as the longest so far (15 min)"
    unknown = replace(left, pause=Pause(21.0, None))
    assert unattended_line(unknown).endswith("this run counted no request, so how many users that is cannot be said")


def test_a_plan_says_what_is_seen_and_what_is_not() -> None:
    lines = plan_lines(ahead(50))
    assert lines[0].startswith("plan: a candidate as good as the stable side is expected to take 5 % ")
    assert "error rates up to 2 % are let through by the margin; from " in lines[1]
    assert "four times of five; between them it may be rolled back, promoted or neither" in lines[1]
    assert "not even a candidate that always fails" in plan_lines(ahead(0.001))[1]


@pytest.mark.parametrize(
    ("requests_per_second", "told"),
    [
        (50, "Write `deadline: 20m` for the same steps at this traffic."),
        (
            0.05,
            "At this traffic these steps need about 14 d, longer than a job may run: use `mode: advance` in a workflow "
            "with a schedule, with `deadline: 28d`.",
        ),
    ],
)
def test_where_the_deadline_cannot_decide_a_plan_says_what_would(requests_per_second: float, told: str) -> None:
    assert what_would_decide(ahead(requests_per_second)) == told


def test_where_no_deadline_could_decide_none_is_named() -> None:
    hopeless = plan(
        weights=[5, 100],
        baseline_rate=0.01,
        requests_per_second=50,
        interval=10,
        deadline=60,
        hypotheses=Hypotheses(0.0),
    )
    assert not hopeless.can_decide
    assert what_would_decide(hopeless) is None
