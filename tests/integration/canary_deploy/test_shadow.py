"""Shadows with a real Envoy, real servers and real requests: no user ever hears the candidate."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import requests

from canary_site import INTERVAL, Site, until
from mlops_actions.canary_deploy.action import run
from target_site import Users


@contextmanager
def meanwhile(do: Callable[[], None]) -> Iterator[None]:
    thread = threading.Thread(target=do)
    thread.start()
    yield
    thread.join()


def record_pairs(site: Site, number: int, label: bool, wrong: int = 0) -> dict[str, str]:
    """What an application would record of both models once the shadow begins; the candidate is wrong in the first ones.

    The file has a pair of an earlier candidate already.
    """
    pairs, file = site.folder / "pairs.jsonl", site.folder / "recorded.jsonl"
    pairs.write_text(json.dumps({"id": 0, "stable": 1, "candidate": 0, "label": 1}) + "\n")
    labels = {"label": 1} if label else {}
    rows = ({"id": n, "stable": 1, "candidate": int(n >= wrong)} | labels for n in range(number))
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    hook = site.folder / "record.sh"
    hook.write_text(f"#!/bin/sh\ncat {file} >>{pairs}\n")
    hook.chmod(0o755)
    return {"pairs": str(pairs), "before_step": f"exec:{hook}"}


def test_labels_show_a_candidate_good_enough_and_no_user_was_touched(site: Site) -> None:
    site.stable.says, site.candidate.says = b"stable", b"candidate"
    pairs = record_pairs(site, 2000, label=True)
    with Users(f"127.0.0.1:{site.port}", rate=120) as users:
        inputs = site.inputs(strategy="shadow", steps=None, error_margin=0.02, on_inconclusive=None, **pairs)
        rollout = run(inputs).predicate
        until(lambda: users.answers["stable"] > 0)
    assert (rollout.result, rollout.outcome, rollout.weights, rollout.steps) == ("pass", "held", [0], [0])
    assert rollout.reasons[-1].code == "answer-yes"
    assert {one.metric for one in rollout.comparisons} == {"agreement", "wrong"}
    assert set(users.answers) <= {"stable", "none"}, (
        "users of before the proxy ran heard nothing, and then the stable side"
    )
    assert len(site.candidate.answered) > 10
    assert sum(look.counts["candidate_requests"] for look in rollout.looks) == 0, "copies are no users' requests"
    copied = sum(look.metrics["mirrored"].candidate[1] for look in rollout.looks if look.metrics["mirrored"].candidate)
    assert copied > 10
    assert site.target().mirror() == 0


def test_without_labels_the_end_is_a_report_and_no_promotion(site: Site) -> None:
    pairs = record_pairs(site, 2000, label=False, wrong=100)
    site.load.start()
    inputs = site.inputs(strategy="shadow", steps=[50], deadline=1.5, on_inconclusive=None, **pairs)
    rollout = run(inputs).predicate
    assert (rollout.result, rollout.outcome, rollout.weights) == ("inconclusive", "held", [0])
    (agreement,) = rollout.comparisons
    assert (agreement.value, agreement.units) == (0.95, (2000, 2000)), "not the pair of an earlier candidate"
    assert [reason.code for reason in rollout.reasons] == ["deadline", "answer-open"]
    assert site.target().mirror() == 0


def test_a_candidate_that_fails_copies_is_seen_by_its_copies(site: Site) -> None:
    site.candidate.failing = 1.0
    site.load.start()
    rollout = run(site.inputs(strategy="shadow", steps=None, error_margin=0.05)).predicate
    assert (rollout.result, rollout.outcome, rollout.weights) == ("fail", "rolled-back", [0])
    assert rollout.reasons[0].code == "worse"
    assert rollout.reasons[0].message.startswith("Mirrored: canary ")
    site.load.stop()
    assert set(site.load.statuses) <= {"200", "none"}


def test_copies_that_somebody_else_ends_end_the_shadow(site: Site) -> None:
    site.start_proxy()
    site.load.start()

    def end_copies() -> None:
        until(lambda: site.target().mirror() == 100)
        until(lambda: bool(site.candidate.answered))
        address = f"http://{site.admin_address()}/runtime_modify"
        requests.post(address, params={"mlops_actions.canary.mirror": "0"}, timeout=5).raise_for_status()

    with meanwhile(end_copies):
        rollout = run(site.inputs(strategy="shadow", steps=None, baseline=INTERVAL * 2)).predicate
    assert (rollout.result, rollout.reasons[0].code) == ("inconclusive", "mirror-changed")
