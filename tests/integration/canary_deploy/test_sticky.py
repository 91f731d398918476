"""Users who stay on their side: the embedded Envoy assigns them by a header or a cookie."""

from __future__ import annotations

from dataclasses import replace

import pytest
import requests

from canary_site import Site, until
from mlops_actions.canary_deploy.targets import Sticky
from mlops_actions.canary_deploy.targets.envoy import EnvoyTarget
from target_site import Users

USERS = range(150)


@pytest.fixture
def two(site: Site) -> Site:
    site.stable.says, site.candidate.says = b"stable", b"candidate"
    return site


def sticky_target(site: Site, sticky: Sticky) -> EnvoyTarget:
    target = site.target()
    return replace(target, services=replace(target.services, sticky=sticky))


def served(site: Site, sticky: Sticky, user: int) -> str:
    headers = {sticky.name: f"u{user}"} if sticky.kind == "header" else {"Cookie": f"{sticky.name}=u{user}"}
    return requests.get(f"http://127.0.0.1:{site.port}/predict", headers=headers, timeout=5).text


@pytest.mark.parametrize("sticky", [Sticky("header", "X-User"), Sticky("cookie", "uid")], ids=["header", "cookie"])
def test_users_stay_and_more_of_them_move_as_the_share_grows(two: Site, sticky: Sticky) -> None:
    target = sticky_target(two, sticky)
    target.prepare()
    before: set[int] = set()
    for percent in (0, 20, 50, 100):
        target.set_weight(percent)
        assert sticky_target(two, sticky).weight() == percent, "another process reads another weight"
        now = {user for user in USERS if served(two, sticky, user) == "candidate"}
        assert {user for user in now if served(two, sticky, user) == "stable"} == set()
        expected, share = len(USERS) * percent / 100, percent / 100
        assert abs(len(now) - expected) <= 5 * (expected * (1 - share)) ** 0.5
        assert before <= now
        before = now


def test_a_weight_that_was_changed_by_hand_is_seen_and_copies_are_made_too(two: Site) -> None:
    sticky = Sticky("header", "X-User")
    target = sticky_target(two, sticky)
    target.prepare()
    by_hand = {"mlops_actions.sticky.candidate": "3000", "mlops_actions.sticky.stable": "7000"}
    address = f"http://{two.admin_address()}/runtime_modify"
    requests.post(address, params=by_hand, timeout=5).raise_for_status()
    assert target.weight() == 30
    target.set_weight(0)
    target.set_mirror(100)
    two.candidate.answered.clear()
    assert served(two, sticky, 1) == "stable"
    until(lambda: len(two.candidate.answered) == 1)


def test_a_rollout_after_a_sticky_one_draws_lots_again_at_no_users_cost(two: Site) -> None:
    sticky = Sticky("header", "X-User")
    sticky_target(two, sticky).prepare()
    sticky_target(two, sticky).set_weight(50)
    with Users(f"127.0.0.1:{two.port}", rate=100) as users:
        two.target().prepare()
    assert set(users.answers) <= {"stable", "candidate"}
    assert two.weight() == 0
    two.target().set_weight(50)
    assert {served(two, sticky, 1) for _ in range(60)} == {"stable", "candidate"}
