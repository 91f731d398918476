"""A real Prometheus that scrapes processes whose counters the tests set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from canary_site import free_port
from guide import shown_all
from mlops_actions.canary_deploy.metrics import MetricSource, Query, open_metrics
from mlops_actions.canary_deploy.metrics.interface import ERRORS, blocks_since
from mlops_actions.canary_deploy.targets import Services, open_target
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.statistics.sequential import Block, Counts
from prometheus_site import Exporter, PrometheusSite

REQUESTS = "http_requests_total"
QUERY = 'requests: http_requests_total{version="{version}"}\nerrors: code=~"5.."\n'


@dataclass
class World:
    """Two pods of the stable version, one of the candidate's, and their Prometheus."""

    prometheus: PrometheusSite
    pods: dict[str, Exporter] = field(default_factory=dict)

    def source(self, query: str | None = QUERY, parameters: str = "") -> MetricSource:
        services = Services("v1:80", "v2:80", "/", 1, self.prometheus.folder)
        target = open_target("exec:true", services)
        return open_metrics(target, f"prometheus:{self.prometheus.url}{parameters}", services, Query(query))

    def say(self, pod: str, *lines: str) -> None:
        """Let a pod export this, and wait until the last line is known to Prometheus."""
        self.pods[pod].text = "".join(f"{line}\n" for line in lines)
        name, _, value = lines[-1].rpartition(" ")
        self.prometheus.until(f'{name[:-1]},instance="{self.pods[pod].address}"}} == {value}')

    def clear(self) -> None:
        """Let no pod export anything, and wait until Prometheus knows that."""
        for pod in self.pods.values():
            pod.text = ""
        self.prometheus.until(f"absent({REQUESTS})")


@pytest.fixture
def world(running: World) -> World:
    running.clear()
    return running


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    pods = {name: Exporter() for name in ("stable-1", "stable-2", "candidate-1")}
    folder = tmp_path_factory.mktemp("prometheus")
    made = World(PrometheusSite(folder, {name: pod.address for name, pod in pods.items()}), pods)
    try:
        made.prometheus.start()
        yield made
    finally:
        made.prometheus.close()
        for pod in pods.values():
            pod.close()


def requests_of(version: str, good: int, bad: int | None = None) -> list[str]:
    lines = [f'{REQUESTS}{{version="{version}",code="200"}} {good}']
    return lines if bad is None else [*lines, f'{REQUESTS}{{version="{version}",code="503"}} {bad}']


def test_counters_of_all_pods_are_added_and_the_first_error_is_not_lost(world: World) -> None:
    world.say("stable-1", *requests_of("v1", 1000))
    world.say("stable-2", *requests_of("v1", 500, 5))
    source = world.source()
    before = source.read()
    assert before.errors.baseline == Counts(5, 1505)
    assert before.errors.canary == Counts(0, 0), "no series of a side that was asked nothing"
    world.say("candidate-1", *requests_of("v2", 40, 2))
    world.say("stable-1", *requests_of("v1", 1090, 1))
    assert blocks_since(before, source.read(), 60) == {ERRORS: Block(Counts(2, 42), Counts(1, 91))}


def test_a_pod_that_began_anew_throws_the_block_away_though_the_sum_has_grown(world: World) -> None:
    world.say("stable-1", *requests_of("v1", 100))
    world.say("stable-2", *requests_of("v1", 100))
    source = world.source()
    before = source.read()
    world.say("stable-1", *requests_of("v1", 50))
    world.say("stable-2", *requests_of("v1", 900))
    after = source.read()
    assert after.errors.baseline.total > before.errors.baseline.total
    assert blocks_since(before, after, 60) == {}
    world.say("stable-2", *requests_of("v1", 910))
    assert blocks_since(after, source.read(), 60) == {ERRORS: Block(Counts(0, 0), Counts(0, 10))}


def test_a_pod_that_is_gone_or_new_throws_the_block_away(world: World) -> None:
    world.say("stable-1", *requests_of("v1", 100))
    source = world.source()
    before = source.read()
    world.say("stable-2", *requests_of("v1", 7000))
    after = source.read()
    assert blocks_since(before, after, 60) == {}, "requests of its past would be counted now"
    world.pods["stable-2"].text = ""
    world.prometheus.until(f"count({REQUESTS}) == 1")
    assert blocks_since(after, source.read(), 60) == {}


def test_a_side_that_was_not_scraped_for_a_while_does_not_bring_its_past(world: World) -> None:
    world.say("stable-1", *requests_of("v1", 100))
    world.say("candidate-1", *requests_of("v2", 5000))
    source = world.source()
    source.read()
    world.pods["candidate-1"].text = ""
    world.prometheus.until(f"count({REQUESTS}) == 1")
    away = source.read()
    world.say("candidate-1", *requests_of("v2", 5010))
    back = source.read()
    assert blocks_since(away, back, 60) == {}, "5,000 good requests of before would be counted again"
    world.say("candidate-1", *requests_of("v2", 5030))
    assert blocks_since(back, source.read(), 60) == {ERRORS: Block(Counts(0, 20), Counts(0, 0))}


def test_every_metric_of_the_guide_is_counted(world: World) -> None:
    query = shown_all("`prometheus:` Prometheus", "yaml", {})[1]
    for pod, version, slow, wrong in (("stable-1", "v1", 10, 4), ("candidate-1", "v2", 3, 1)):
        job = f'job="model",version="{version}"'
        world.say(
            pod,
            f'{REQUESTS}{{{job},code="200"}} 98',
            f'{REQUESTS}{{{job},code="500"}} 2',
            f'http_request_duration_seconds_bucket{{{job},le="0.1"}} 50',
            f'http_request_duration_seconds_bucket{{{job},le="0.25"}} {100 - slow}',
            f'http_request_duration_seconds_bucket{{{job},le="+Inf"}} 100',
            f'predictions_total{{{job},right="yes"}} {20 - wrong}',
            f'predictions_total{{{job},right="no"}} {wrong}',
        )
    readings = world.source(query).read().readings
    assert {name: (one.canary, one.baseline) for name, one in readings.items()} == {
        ERRORS: (Counts(2, 100), Counts(2, 100)),
        "wrong": (Counts(1, 20), Counts(4, 20)),
        "latency>100ms": (Counts(52, 100), Counts(52, 100)),
        "latency>250ms": (Counts(5, 100), Counts(12, 100)),
    }


@pytest.mark.parametrize(
    ("query", "error", "said"),
    [
        (
            'requests: http_requests{version="{version}"}\nerrors: code=~"5.."',
            OutsideError,
            r'has no series of `http_requests{version="v1"}`\. Is it scraped, and do the labels tell',
        ),
        (
            "requests: http_requests_total\nerrors: http_failures_total",
            OutsideError,
            "has no series of `http_failures_total`: without it 'errors' are unknown, not 0. Where it only appears",
        ),
        (
            'requests: sum(http_requests_total{version="{version}"})\nerrors: code=~"5.."',
            InputError,
            "the counters of 'stable' have no label 'code'; theirs are: none. Select the counters themselves, without",
        ),
        (
            "requests: http_requests_total\nerrors: 0 * http_requests_total / 0",
            OutsideError,
            r"gives NaN for `0 \* http_requests_total / 0`. Ask for the counters themselves: a rate or a quotient",
        ),
        (
            "requests: http_requests_total / 3\nerrors: code=~'5..'",
            InputError,
            "metrics-query: `http_requests_total / 3` gives 33.3[0-9]*, which is no count. Ask for the counters",
        ),
        (
            "requests: http_requests_total[1m]\nerrors: a",
            InputError,
            r"`http_requests_total\[1m\]` gives a matrix, and counters are needed. Select counters without a range",
        ),
        ("requests: http_requests_total{\nerrors: a", InputError, r"refuses `http_requests_total{`: .*parse error"),
        (
            "requests: http_requests_total\nerrors: 2 * http_requests_total",
            InputError,
            "'errors' of 'stable' are 200 in 100: they are no part of what they are compared with",
        ),
        (
            f"{QUERY}latency: http_requests_total",
            InputError,
            "`http_requests_total` gives series without the label `le`. Select a histogram's buckets",
        ),
    ],
)
def test_a_query_that_gives_no_counts_is_named(world: World, query: str, error: type[Exception], said: str) -> None:
    world.say("stable-1", *requests_of("v1", 100))
    with pytest.raises(error, match=said):
        world.source(query).read()


def test_a_server_that_is_not_there_is_an_error_of_the_outside(tmp_path: Path) -> None:
    services = Services("v1:80", "v2:80", "/", 1, tmp_path)
    source = open_metrics(
        open_target("exec:true", services), f"prometheus:http://127.0.0.1:{free_port()}", services, Query(QUERY)
    )
    with pytest.raises(OutsideError, match=r"http://127\.0\.0\.1:\d+/api/v1/query does not answer \(ConnectionError\)"):
        source.read()
