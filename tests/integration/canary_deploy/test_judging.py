"""Whole rollouts that are judged on more than errors, with a real Envoy between real servers and a real load."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from canary_site import INTERVAL, Site
from guide import shown
from mlops_actions.canary_deploy.action import run
from mlops_actions.errors import InputError
from prometheus_site import PrometheusSite

COUNTS = """#!/usr/bin/env python3
# Counts that grow with the clock, from when it was first asked: 100 requests a second on each side.
import json, pathlib, time
born = pathlib.Path(__file__).with_suffix(".born")
if not born.exists():
    born.write_text(str(time.time() - 10))
seconds = time.time() - float(born.read_text())
def side(wrong, users_with_errors):
    requests = int(100 * seconds)
    users = requests // 10
    return {"requests": requests, "errors": requests // 50, "counters": {"wrong": int(wrong * requests)},
            "clusters": {"bad": int(users_with_errors * users), "total": users}}
print(json.dumps({"stable": side(0.02, 0.1), "candidate": side(%s)}))
"""


def counting(folder: Path, candidate: str) -> str:
    script = folder / "counts.py"
    script.write_text(COUNTS % candidate)
    script.chmod(0o755)
    return f"exec:{script}"


def test_a_candidate_that_is_slow_is_rolled_back_though_it_answers(site: Site) -> None:
    site.candidate.seconds = 0.12
    site.start_proxy()
    site.load.start()
    statement = run(site.inputs(latency="100ms", steps=[50, 100]))
    rollout = statement.predicate
    assert (rollout.result, rollout.outcome) == ("fail", "rolled-back"), rollout.reasons
    assert rollout.reasons[0].code == "worse"
    assert rollout.reasons[0].message.startswith("Latency>"), rollout.reasons
    assert [metric.name for metric in rollout.metrics][:2] == ["errors", "latency>100ms"]
    last = rollout.looks[-1].metrics
    assert last["latency>100ms"].worse > last["errors"].worse
    assert site.weight() == 0


def test_a_latency_that_no_bucket_tells_is_refused_before_the_first_weight(site: Site) -> None:
    site.start_proxy()
    site.load.start()
    with pytest.raises(InputError, match="take longer than 70ms is not counted. Write one of .*50ms, 100ms, 250ms"):
        run(site.inputs(latency="70ms"))
    assert site.weight() == 0


def test_a_candidate_that_is_wrong_more_often_is_rolled_back(site: Site) -> None:
    site.load.start()
    inputs = site.inputs(metrics_source=counting(site.folder, "0.5, 0.1"), metrics="wrong=0.05", steps=[50, 100])
    rollout = run(inputs).predicate
    assert (rollout.result, rollout.outcome) == ("fail", "rolled-back"), rollout.reasons
    assert rollout.reasons[0].message.startswith("Wrong: canary "), rollout.reasons


def test_users_that_see_errors_are_judged_in_place_of_requests(site: Site) -> None:
    """As many requests fail on both sides, of many more users."""
    site.load.start()
    inputs = site.inputs(metrics_source=counting(site.folder, "0.02, 0.9"), cluster="user", steps=[50, 100])
    rollout = run(inputs).predicate
    assert (rollout.result, rollout.reasons[0].code) == ("fail", "worse"), rollout.reasons
    (metric,) = rollout.metrics
    assert (metric.name, metric.dispersion) == ("errors by cluster", 1.0)


def test_the_plan_names_the_metric_that_decides_last(site: Site) -> None:
    site.load.start()
    inputs = site.inputs(metrics_source=counting(site.folder, "0.02, 0.1"), metrics="wrong=0.03", mode="plan")
    site.start_proxy()
    messages = [reason.message for reason in run(inputs).predicate.reasons]
    assert messages[0] == "plan: of all metrics 'wrong' decides last.", messages


def test_a_metric_that_nothing_was_counted_of_is_never_taken_for_good(site: Site) -> None:
    site.load.start()
    source = counting(site.folder, "0.02, 0.1")
    script = site.folder / "counts.py"
    script.write_text(script.read_text().replace("users = requests // 10", "users = 0"))
    rollout = run(site.inputs(metrics_source=source, cluster="user")).predicate
    assert (rollout.result, rollout.outcome) == ("inconclusive", "refused")
    assert rollout.reasons[0].message == (
        "Of errors by cluster nothing was counted within 0.8 s, so nothing could be compared; a longer `baseline` may "
        "see it."
    )


def test_a_candidate_whose_labels_say_that_it_is_wrong_is_rolled_back(site: Site) -> None:
    """The proxy counts its errors, of which there are none; the database knows better."""
    site.load.start()
    file = site.folder / "serving.db"
    with serving(file):
        query = shown("`postgresql://…`, `sqlite:` labels that come late", "sql", {})
        source = {"metrics_source": f"sqlite:{file}", "metrics_query": query, "label_delay": 0.3}
        rollout = run(site.inputs(**source, metrics="wrong=0.05", steps=[50, 100])).predicate
    assert (rollout.result, rollout.outcome) == ("fail", "rolled-back"), rollout.reasons
    assert rollout.reasons[0].message.startswith("Wrong: canary "), rollout.reasons
    assert sum(look.counts.get("candidate_requests", 0) for look in rollout.looks) > 0
    assert site.weight() == 0


@contextmanager
def serving(file: Path) -> Iterator[None]:
    """Predictions and labels that come in while it lasts, 100 a second on each side: 2 and 60 % of them wrong."""
    with closing(sqlite3.connect(file)) as made:
        made.execute("CREATE TABLE predictions (request, version, time, predicted, score)")
        made.execute("CREATE TABLE labels (request, late)")
        made.commit()
    over = threading.Event()

    def write() -> None:
        request = 0
        with closing(sqlite3.connect(file, timeout=10)) as connection:
            connection.execute("PRAGMA synchronous = OFF")
            while not over.wait(0.1):
                for version, wrong in (("stable", 0.02), ("candidate", 0.6)) * 10:
                    request += 1
                    now = f"{datetime.now(UTC):%F %T.%f}"
                    connection.execute("INSERT INTO predictions VALUES (?, ?, ?, 1, 0.5)", (request, version, now))
                    late = int(request % 100 >= 100 * wrong)
                    connection.execute("INSERT INTO labels VALUES (?, ?)", (request, late))
                connection.commit()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        over.set()
        writer.join()


def test_prometheus_promotes_a_good_candidate_that_it_has_counted(site: Site, tmp_path: Path) -> None:
    site.start_proxy()
    site.load.start()
    prometheus = PrometheusSite(tmp_path, {"envoy": f"{site.admin_address()}/stats/prometheus"})
    try:
        prometheus.start()
        source = f"prometheus:{prometheus.url}?preset=envoy"
        rollout = run(site.inputs(metrics_source=source, steps=[50, 100], interval=2 * INTERVAL)).predicate
    finally:
        prometheus.close()
    assert (rollout.result, rollout.outcome) == ("pass", "promoted"), rollout.reasons
    assert sum(look.counts.get("candidate_requests", 0) for look in rollout.looks) > 20
