"""Whole rollouts with a real proxy, real servers and real requests."""

from __future__ import annotations

import json
import os
import threading
import time

import pytest

from canary_site import INTERVAL, MODEL, Backend, Site, until
from mlops_actions.canary_deploy.action import run
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evidence import digest_bytes


def test_a_good_candidate_is_promoted_and_no_request_is_lost(site: Site) -> None:
    site.start_proxy()
    site.load.start()
    statement = run(site.inputs())
    rollout = statement.predicate
    assert (rollout.result, rollout.outcome, rollout.identity) == ("pass", "promoted", "verified")
    assert rollout.weights == [20, 50, 100]
    assert statement.sha256 == digest_bytes(MODEL)
    assert rollout.stable == "a" * 64
    assert site.weight() == 100

    before = len(site.stable.answered)
    time.sleep(INTERVAL)
    assert len(site.stable.answered) == before, "the stable side still gets requests"
    site.load.stop()
    assert set(site.load.statuses) == {"200"}
    seen = {key: sum(look.counts[key] for look in rollout.looks) for key in rollout.looks[0].counts}
    assert seen["candidate_errors"] == seen["stable_errors"] == 0
    assert seen["candidate_requests"] <= len(site.candidate.answered)


def test_the_next_rollout_takes_over_from_the_promoted_server_without_a_restart(site: Site) -> None:
    site.load.start()
    run(site.inputs())
    proxy = site.process("envoy")
    served = dict(site.load.statuses)
    third = Backend()
    try:
        statement = run(
            site.inputs(stable=site.candidate.address, candidate=third.address, steps=[50], on_inconclusive="hold")
        )
        assert statement.predicate.outcome == "promoted"
        assert statement.predicate.identity == "unverified"
        assert site.process("envoy") == proxy
        assert third.answered
        failed = {status: n for status, n in site.load.statuses.items() if n > served.get(status, 0)}
        assert set(failed) == {"200"}
    finally:
        site.load.stop()
        site.target().stop()
        third.close()


def test_a_candidate_that_fails_every_request_is_rolled_back_at_once(site: Site) -> None:
    site.candidate.failing = 1.0
    site.load.start()
    statement = run(site.inputs(steps=[50, 100], error_margin=0.01, baseline=INTERVAL, deadline=600))
    ended = time.time()
    rollout = statement.predicate
    assert (rollout.result, rollout.outcome, rollout.weights[-1]) == ("fail", "rolled-back", 0)
    assert rollout.reasons[0].code == "worse"
    assert site.weight() == 0
    took = ended - site.candidate.failed[0]
    assert took <= 2 + INTERVAL, f"{took:.2f} s from the first bad response to weight 0"


def test_at_fifty_requests_a_second_users_meet_a_failing_candidate_for_two_seconds_and_a_look(site: Site) -> None:
    site.candidate.failing = 1.0
    site.load.rate = 50
    site.load.start()
    # Long enough that a machine which sends fewer requests than it is told still has a plan.
    rollout = run(site.inputs(error_margin=0.01, deadline=3600)).predicate
    assert (rollout.result, rollout.weights) == ("fail", [20, 0])
    assert site.weight() == 0
    site.load.stop()
    assert 3 <= site.load.statuses["500"] <= 50 * (2 + INTERVAL)


def test_a_candidate_that_hangs_makes_errors_and_not_silence(site: Site) -> None:
    site.candidate.seconds = 1.0
    site.load.start()
    statement = run(site.inputs(steps=[20, 100]))
    assert (statement.predicate.result, statement.predicate.reasons[0].code) == ("fail", "worse")


def test_a_candidate_that_is_never_healthy_fails_and_nothing_is_started(site: Site) -> None:
    site.candidate.healthy = False
    statement = run(site.inputs(health_timeout=0.5))
    rollout = statement.predicate
    assert (rollout.result, rollout.outcome, rollout.weights) == ("fail", "refused", [])
    assert rollout.reasons[0].code == "candidate-unhealthy"
    assert "not healthy within 0.5 s: status 500" in rollout.reasons[0].message
    assert not site.target().is_running()


def test_a_candidate_that_serves_another_model_is_refused_before_it_gets_a_request(site: Site) -> None:
    site.candidate.sha256 = "b" * 64
    site.load.start()
    statement = run(site.inputs())
    assert (statement.predicate.result, statement.predicate.outcome) == ("fail", "refused")
    assert statement.predicate.reasons[0].code == "wrong-model"
    assert not site.candidate.answered


def test_a_candidate_that_becomes_another_model_gets_no_further(site: Site) -> None:
    site.load.start()

    def swap() -> None:
        until(lambda: bool(site.candidate.answered))
        site.candidate.sha256 = "b" * 64

    thread = threading.Thread(target=swap)
    thread.start()
    statement = run(site.inputs())
    thread.join()
    assert (statement.predicate.result, statement.predicate.reasons[0].code) == ("fail", "wrong-model")
    assert statement.predicate.weights == [20, 0]
    assert site.weight() == 0


def test_a_stable_side_that_is_not_healthy_is_an_error_of_the_outside(site: Site) -> None:
    site.stable.healthy = False
    with pytest.raises(OutsideError, match=r"the stable side .* is not healthy: status 500\. Nothing was changed"):
        run(site.inputs(health_timeout=0.3))
    assert not site.target().is_running()


def test_a_port_that_is_taken_is_named(site: Site) -> None:
    other = Backend(port=site.port)
    try:
        with pytest.raises(OutsideError, match=f"cannot listen on 127.0.0.1:{site.port}: Address already in use"):
            run(site.inputs())
    finally:
        other.close()


def test_without_traffic_nothing_is_promoted(site: Site) -> None:
    statement = run(site.inputs())
    rollout = statement.predicate
    assert (rollout.result, rollout.outcome, rollout.reasons[0].code) == ("inconclusive", "refused", "no-traffic")
    assert site.weight() == 0


def test_traffic_that_ends_midway_is_inconclusive_at_the_deadline(site: Site) -> None:
    site.load.start()

    def end_load() -> None:
        until(lambda: bool(site.candidate.answered))
        site.load.stop()

    thread = threading.Thread(target=end_load)
    thread.start()
    statement = run(site.inputs(deadline=4, steps=[30, 100]))
    thread.join()
    rollout = statement.predicate
    assert (rollout.result, rollout.outcome) == ("inconclusive", "rolled-back")
    assert rollout.reasons[0].code == "deadline"
    assert site.weight() == 0


def test_a_deadline_that_cannot_decide_is_refused_before_the_first_weight(site: Site) -> None:
    site.load.start()
    statement = run(site.inputs(deadline=5, steps=[1, 100], error_margin=0.01))
    rollout = statement.predicate
    assert (rollout.result, rollout.outcome, rollout.reasons[0].code) == ("inconclusive", "refused", "cannot-decide")
    assert "the deadline is 5 s" in rollout.reasons[0].message
    assert not site.candidate.answered


def test_a_plan_says_what_it_will_take_and_is_never_a_pass(site: Site) -> None:
    site.start_proxy()
    site.load.start()
    statement = run(site.inputs(mode="plan"))
    rollout = statement.predicate
    assert (rollout.result, rollout.outcome) == ("inconclusive", "planned")
    assert "20 %" in rollout.reasons[0].message
    assert site.weight() == 0
    assert not site.candidate.answered


def test_a_weight_that_somebody_else_sets_is_taken_back(site: Site) -> None:
    site.load.start()

    def meddle() -> None:
        until(lambda: bool(site.candidate.answered))
        site.target().set_weight(77)

    thread = threading.Thread(target=meddle)
    thread.start()
    statement = run(site.inputs(steps=[5, 100]))
    thread.join()
    rollout = statement.predicate
    assert (rollout.result, rollout.outcome) == ("inconclusive", "rolled-back")
    assert rollout.reasons[0].code == "weight-changed"
    assert "77 %" in rollout.reasons[0].message
    assert site.weight() == 0


def test_an_envoy_of_somebody_else_is_steered_by_its_admin_interface(site: Site) -> None:
    site.start_proxy()
    site.load.start()
    location = f"envoy:http://{site.admin_address()}"
    statement = run(site.inputs(target=location))
    assert statement.predicate.outcome == "promoted"
    assert site.weight() == 100
    with pytest.raises(InputError, match="already sends 100 % of the traffic to its candidate"):
        run(site.inputs(target=location))
    run(site.inputs(target=location, mode="stop"))
    assert site.target().is_running(), "it was not ours to stop"


def test_an_admin_address_where_no_envoy_answers_is_named(site: Site) -> None:
    with pytest.raises(OutsideError, match=f"Envoy's admin interface at 127.0.0.1:{site.port} does not answer"):
        run(site.inputs(target=f"envoy:http://127.0.0.1:{site.port}"))
    with pytest.raises(OutsideError, match=r"answered with status|does not answer as Envoy"):
        run(site.inputs(target=f"envoy:http://{site.stable.address}"))


def test_stopping_ends_our_proxy_once_and_never_a_stranger(site: Site) -> None:
    site.load.start()
    run(site.inputs(steps=[50]))
    assert site.target().stop()
    assert not site.target().stop()
    # A number that was used again: this very process, but not its start.
    forged = f"{os.getpid()}:1:boot"
    (site.proxy_folder / "process.json").write_text(json.dumps({"supervisor": forged, "envoy": forged}))
    assert not site.target().stop()
