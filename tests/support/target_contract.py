"""What every target is held to, with the real program between a counting client and two real servers.

A test file makes a fixture `site` and derives a class from `TargetContract`.
"""

from __future__ import annotations

import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Protocol

import pytest

from canary_site import MODEL, Backend, until
from mlops_actions.canary_deploy.action import run
from mlops_actions.canary_deploy.metrics import MetricSource, open_metrics
from mlops_actions.canary_deploy.metrics.interface import MIRRORED, blocks_since
from mlops_actions.canary_deploy.targets import MirroringTarget, Services, Target, open_target
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evidence import digest_bytes
from mlops_actions.statistics.sequential import Counts
from prometheus_site import PrometheusSite
from target_site import TargetSite, Users, ask


class Site(Protocol):
    """A target that people can steer too."""

    def target(self) -> Target:
        """As a new process of ours opens it."""

    def set_by_hand(self, percent: float) -> None:
        """Change the weight as a person does, past us."""


class SteeringContract:
    """What holds of a target whose traffic is not ours to send as well."""

    def test_every_weight_is_read_back(self, site: Site) -> None:
        target = site.target()
        target.prepare()
        for percent in (target.capabilities.least_weight, 5, 33, 99, 100, 0):
            target.set_weight(percent)
            assert site.target().weight() == pytest.approx(percent, abs=1e-6), "another process reads another weight"

    def test_a_weight_that_was_changed_by_hand_is_seen_and_not_overwritten(self, site: Site) -> None:
        target = site.target()
        target.prepare()
        target.set_weight(20, expected=0)
        site.set_by_hand(77)
        until(lambda: target.weight() == 77, 5)
        with pytest.raises(OutsideError, match="is 77 % instead of 20 %: somebody else changed it"):
            target.set_weight(50, expected=20)
        assert target.weight() == 77
        target.set_weight(0)
        assert target.weight() == 0

    def test_a_change_that_was_not_confirmed_may_be_tried_again(self, site: Site) -> None:
        target = site.target()
        target.prepare()
        target.set_weight(50)
        target.set_weight(50, expected=20)
        assert target.weight() == 50


class TargetContract(SteeringContract):
    """Its methods are the clauses."""

    def test_preparing_gives_the_stable_side_all_traffic(self, site: TargetSite) -> None:
        target = site.target()
        target.prepare()
        assert target.weight() == 0
        assert ask(site.address, 20) == Counter(stable=20)

    def test_users_get_the_share_that_was_set(self, site: TargetSite) -> None:
        target = site.target()
        target.prepare()
        for percent in (20, 100, 0):
            target.set_weight(percent)
            expect_share(site, percent)

    def test_a_program_that_was_restarted_does_what_its_weight_says(self, site: TargetSite) -> None:
        target = site.target()
        target.prepare()
        target.set_weight(50)
        ask(site.address, 400)
        before = site.source().read()
        site.stop()
        site.start()
        target = site.target()
        target.reach()
        expect_share(site, target.weight())
        assert site.source().read().restarted_since(before) is not site.counters_survive
        target.set_weight(20)
        expect_share(site, 20)

    def test_a_program_that_is_gone_is_an_error_of_the_outside(self, site: TargetSite) -> None:
        target = site.target()
        target.prepare()
        site.stop()
        with pytest.raises(OutsideError):
            target.weight()
        with pytest.raises(OutsideError):
            target.set_weight(5)
        if not site.counters_survive:
            with pytest.raises(OutsideError):
                site.source().read()
        if not target.capabilities.outlives_run:
            with pytest.raises(OutsideError):
                target.reach()

    def test_no_request_is_dropped_by_changes_of_weight(self, site: TargetSite) -> None:
        target = site.target()
        target.prepare()
        with Users(site.address, rate=400, keeps_alive=site.keeps_alive) as users:
            for percent in (5, 20, 50, 100, 0) * 2:
                target.set_weight(percent)
                time.sleep(0.1)
        assert users.answers["stable"] > 50
        assert users.answers["candidate"] > 50
        assert set(users.answers) == {"stable", "candidate"}, users.answers

    def test_its_counters_tell_what_users_got(self, site: TargetSite) -> None:
        target = site.target()
        target.prepare()
        before = site.source().read()
        site.candidate.failing = 0.5
        target.set_weight(50)
        time.sleep(site.lag)
        answers = ask(site.address, 100)
        after = site.source().read()
        found = (after.errors.canary.total - before.errors.canary.total, after.errors.canary.bad)
        assert found == (answers["candidate"] + answers["500"], answers["500"])
        assert after.errors.baseline.total - before.errors.baseline.total == answers["stable"]
        assert after.errors.baseline.bad == before.errors.baseline.bad

    def test_a_candidate_that_died_makes_one_error_a_request(self, site: TargetSite) -> None:
        target = site.target()
        target.prepare()
        before = site.source().read()
        target.set_weight(100)
        time.sleep(site.lag)
        site.candidate.close()
        answers = ask(site.address, 3)
        assert answers["candidate"] == answers["stable"] == 0
        after = site.source().read()
        assert after.errors.canary.bad - before.errors.canary.bad == 3
        assert after.errors.canary.total - before.errors.canary.total == 3

    def test_copies_go_to_the_candidate_and_users_hear_only_the_stable_side(self, site: TargetSite) -> None:
        target = site.target()
        target.prepare()
        if not isinstance(target, MirroringTarget):
            with pytest.raises(InputError, match="a shadow is copied requests, and .* cannot copy any"):
                run(site.inputs(strategy="shadow", steps=None))
            return
        assert target.mirror() == 0
        before = site.source().read()
        copies = site.candidate.answered
        for percent, least, most in ((100, 100, 100), (25, 5, 50), (0, 0, 0)):
            target.set_mirror(percent)
            assert site.mirroring().mirror() == percent, "another process reads another share"
            time.sleep(site.lag)
            copies.clear()
            assert ask(site.address, 100, keeps_alive=site.keeps_alive) == Counter(stable=100)
            until(partial(_are_at_least, copies, least), 5)
            assert len(copies) <= most
        after = site.source().read()
        assert after.errors.canary == before.errors.canary, "copies are counted as users' requests"
        assert after.errors.baseline.total - before.errors.baseline.total == 300

    def test_both_servers_are_asked_for_their_health_and_model(self, site: TargetSite) -> None:
        target = site.target()
        target.prepare()
        assert target.probe("stable").sha256 == "a" * 64
        assert target.probe("candidate").sha256 == digest_bytes(MODEL)
        site.candidate.healthy = False
        found = target.probe("candidate")
        assert not found.healthy
        assert "500" in found.detail

    def test_a_candidate_that_fails_every_request_is_taken_back_within_two_seconds_and_a_look(
        self, site: TargetSite
    ) -> None:
        site.target().prepare()
        site.candidate.failing = 1.0
        with Users(site.address, rate=50, keeps_alive=site.keeps_alive) as users:
            until(lambda: users.answers["stable"] > 20)
            inputs = site.inputs(steps=[20, 100], error_margin=0.01, deadline=9000)
            rollout = run(inputs).predicate
            ended = time.time()
        assert (rollout.result, rollout.outcome, rollout.reasons[0].code) == ("fail", "rolled-back", "worse"), (
            rollout.reasons
        )
        assert site.target().weight() == 0
        assert users.first_failure is not None
        took = ended - users.first_failure
        assert took <= 2 + inputs.interval, f"{took:.2f} s from the first bad response to weight 0"


def _are_at_least(answers: list[float], number: int) -> bool:
    return len(answers) >= number


class TakingOverContract:
    """What a target is held to whose servers are addresses that a rollout sets."""

    def test_the_next_rollout_takes_over_from_the_promoted_server(self, site: TargetSite) -> None:
        target = site.target()
        target.prepare()
        target.set_weight(100)
        third = Backend(says="third")
        try:
            services = Services(site.candidate.address, third.address, "/healthz", 1, site.folder)
            following = open_target(site.location, services)
            following.prepare()
            assert ask(site.address, 20) == {"candidate": 20}
            following.set_weight(100)
            assert ask(site.address, 20) == {"third": 20}
        finally:
            third.close()


class TimedContract:
    """What a target is held to that also tells how long requests took."""

    def test_its_histogram_tells_which_requests_were_slow(self, site: TargetSite) -> None:
        target = site.target()
        target.prepare()
        source = site.source()
        ask(site.address, 5)
        before = source.read()
        site.candidate.seconds = 0.15
        target.set_weight(50)
        answers = ask(site.address, 30)
        site.candidate.seconds = 0.0
        site.candidate.failing = 1.0
        answers += ask(site.address, 10)
        block = blocks_since(before, source.read(), 60)["latency>100ms"]
        bad = answers["candidate"] + answers["500"]
        assert block.canary == Counts(bad, bad), "an error is slow, however soon it comes"
        assert block.baseline.total == answers["stable"]
        assert block.baseline.bad <= 3, "loopback takes milliseconds, unless the machine is busy"

    def test_prometheus_counts_what_it_counts_itself(self, site: TargetSite, tmp_path: Path) -> None:
        expect_agreement(site, tmp_path)


def expect_agreement(site: TargetSite, folder: Path) -> None:
    """The preset of Prometheus and the target's own counters tell the same."""
    site.target().prepare()
    site.target().set_weight(50)
    site.candidate.failing = 0.5
    ask(site.address, 30)
    site.candidate.close()
    ask(site.address, 4)
    place, parameters = site.exporter
    prometheus = PrometheusSite(folder, {"proxy": place})
    try:
        prometheus.start()
        named = open_metrics(site.target(), f"prometheus:{prometheus.url}?preset={parameters}", site.services())
        own = site.source()
        own.read()
        until(lambda: _counts(named) == _counts(own))
        assert own.read().errors.canary.bad > 0
    finally:
        prometheus.close()


def _counts(source: MetricSource) -> dict[str, tuple[Counts, Counts]]:
    """Of users' requests; the presets do not ask for copies."""
    readings = source.read().readings.items()
    return {name: (one.canary, one.baseline) for name, one in readings if name != MIRRORED}


def expect_share(site: TargetSite, percent: float, requests: int = 300) -> None:
    """Users get this share, within five standard errors of a coin, and exactly where there is no coin."""
    time.sleep(site.lag)
    answers = ask(site.address, requests, keeps_alive=site.keeps_alive)
    share = percent / 100
    allowed = 5 * (requests * share * (1 - share)) ** 0.5
    assert abs(answers["candidate"] - requests * share) <= allowed, answers
    assert answers["candidate"] + answers["stable"] == requests, answers
