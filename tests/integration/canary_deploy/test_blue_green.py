"""Whole switches with a real Envoy, real servers and real requests."""

from __future__ import annotations

import pytest

from canary_site import INTERVAL, Site
from mlops_actions.canary_deploy.action import run
from mlops_actions.errors import OutsideError
from target_site import ask


def test_a_good_candidate_is_switched_to_and_given_back_in_one_call(site: Site) -> None:
    site.start_proxy()
    site.load.start()
    rollout = run(site.inputs(strategy="blue-green", steps=None, smoke_path="/predict")).predicate
    assert (rollout.result, rollout.outcome, rollout.strategy) == ("pass", "promoted", "blue-green")
    assert (rollout.weights, rollout.steps) == ([95, 100], [95, 100])
    held_back = [look.counts["stable_requests"] for look in rollout.looks]
    assert sum(held_back) > 0

    back = run(site.inputs(mode="return")).predicate
    assert (back.result, back.outcome, back.weights) == ("inconclusive", "rolled-back", [95, 100, 0])
    assert [reason.code for reason in back.reasons] == ["returned"]
    assert back.id == rollout.id
    site.load.stop()
    assert set(site.load.statuses) == {"200"}
    site.stable.answered.clear()
    ask(f"127.0.0.1:{site.port}", 5)
    assert len(site.stable.answered) == 5


def test_a_return_to_a_server_that_is_gone_is_refused(site: Site) -> None:
    site.load.start()
    assert run(site.inputs(strategy="blue-green", steps=None)).predicate.outcome == "promoted"
    site.stable.healthy = False
    with pytest.raises(OutsideError, match=r"the stable side .* is not healthy: status 500\. Nothing was changed: the"):
        run(site.inputs(mode="return"))
    assert site.weight() == 100


def test_a_candidate_that_fails_smoke_requests_gets_no_user(site: Site) -> None:
    site.candidate.failing = 1.0
    site.load.start()
    rollout = run(site.inputs(strategy="blue-green", steps=None, smoke_path="/predict")).predicate
    assert (rollout.result, rollout.outcome, rollout.weights) == ("fail", "refused", [])
    assert rollout.reasons[0].message == "Smoke request 1 of 10 to the candidate failed: status 500."
    assert not site.target().is_running()


def test_a_candidate_that_fails_its_users_is_switched_back(site: Site) -> None:
    site.candidate.failing = 1.0
    site.load.start()
    rollout = run(site.inputs(strategy="blue-green", steps=None, error_margin=0.05)).predicate
    assert (rollout.result, rollout.outcome, rollout.weights) == ("fail", "rolled-back", [95, 0])
    assert site.weight() == 0
    # The hold-back gives a request or two a look to compare with.
    assert len(rollout.looks) <= 15


def test_with_nothing_held_back_the_past_is_compared_with_and_it_is_said(site: Site) -> None:
    site.start_proxy()
    site.load.start()
    inputs = site.inputs(strategy="blue-green", steps=[100], baseline=12 * INTERVAL, deadline=30)
    rollout = run(inputs).predicate
    assert (rollout.result, rollout.outcome, rollout.weights) == ("pass", "promoted", [100])
    assert rollout.reasons[-1].message == (
        "Nothing was held back on the stable side: the candidate was compared with 8 looks before the switch, so a "
        "change of the times meanwhile counts for or against it."
    )
