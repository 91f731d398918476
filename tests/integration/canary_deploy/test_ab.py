"""A/B tests with a real Envoy, real servers and real requests."""

from __future__ import annotations

import json
import threading

from canary_site import INTERVAL, Site, until
from mlops_actions.canary_deploy.action import run
from mlops_actions.evidence.store import write_whole


def test_a_question_that_is_answered_ends_the_test_and_leaves_the_split(site: Site) -> None:
    site.stable.failing = 0.4
    site.load.start()
    inputs = site.inputs(strategy="ab", steps=[50], question="errors < stable", baseline=INTERVAL * 4)
    rollout = run(inputs).predicate
    assert (rollout.result, rollout.outcome, rollout.weights, rollout.steps) == ("pass", "held", [50], [50])
    (found,) = rollout.comparisons
    assert (found.claim, found.answer) == ("errors < stable", "yes")
    assert found.upper is not None
    assert found.upper < 0
    assert rollout.reasons[0].code == "answer-yes"
    assert site.weight() == 50
    assert run(site.inputs(mode="return")).predicate.weights == [50, 0]
    assert site.weight() == 0


def test_a_question_without_an_answer_ends_at_the_deadline_with_an_estimate(site: Site) -> None:
    site.load.start()
    rollout = run(site.inputs(strategy="ab", steps=[50], baseline=INTERVAL * 2, deadline=2)).predicate
    assert (rollout.result, rollout.outcome, rollout.weights) == ("inconclusive", "held", [50])
    assert [reason.code for reason in rollout.reasons] == ["deadline", "answer-open"]
    (found,) = rollout.comparisons
    assert found.lower is not None
    assert found.upper is not None
    assert found.lower < 0 < found.upper
    assert site.weight() == 50


def test_a_mean_over_users_is_compared(site: Site) -> None:
    file = site.folder / "users.json"
    stop = threading.Event()

    def count_users() -> None:
        users = 0
        while not stop.wait(INTERVAL / 4):
            users += 100
            sides = {side: {"requests": users, "errors": 0, "means": {"basket": {
                "number": users, "sum": mean * users, "squares": (mean**2 + 1) * users}}}
                for side, mean in (("stable", 1.0), ("candidate", 1.5))}  # fmt: skip
            write_whole(file, json.dumps(sides).encode())

    counting = threading.Thread(target=count_users)
    counting.start()
    try:
        until(file.exists)
        source = f"exec:sh -c 'cat {file}'"
        inputs = site.inputs(strategy="ab", steps=[50], question="basket > stable + 0.1", metrics_source=source,
                             sticky="cookie:uid", baseline=INTERVAL)  # fmt: skip
        rollout = run(inputs).predicate
    finally:
        stop.set()
        counting.join()
    assert (rollout.result, rollout.outcome) == ("pass", "held"), rollout.reasons
    (found,) = rollout.comparisons
    assert (found.candidate, found.stable, found.method, found.limit) == (1.5, 1.0, "asymptotic", 0.1)
    assert min(found.units) >= 500


def test_a_candidate_that_does_harm_is_rolled_back_whatever_was_asked(site: Site) -> None:
    site.candidate.failing = 1.0
    site.load.start()
    rollout = run(site.inputs(strategy="ab", steps=[20], error_margin=0.05, deadline=600)).predicate
    assert (rollout.result, rollout.outcome, rollout.weights[-1]) == ("fail", "rolled-back", 0)
    assert rollout.reasons[0].code in ("worse", "answer-no")
    assert site.weight() == 0
