"""What is asked of Prometheus, as users write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_actions.canary_deploy.metrics.prometheus.queries import Condition, read_queries
from mlops_actions.canary_deploy.targets import Services
from mlops_actions.errors import InputError

SERVICES = Services("model-v1:80", "model-v2:80", "/", 1, Path("state"))
WRITTEN = 'requests: requests_total{version="{version}"}\nerrors: code=~"5..", method="POST"'


def test_the_name_of_each_side_is_put_into_its_queries() -> None:
    address, queries = read_queries("prometheus:http://p:9090/sub", WRITTEN, SERVICES)
    (selector,) = queries.shares["errors"].total
    assert (address, queries.of("stable", selector)) == ("http://p:9090/sub", 'requests_total{version="model-v1"}')
    assert queries.of("candidate", 'up{instance="{address}"}') == 'up{instance="model-v2:80"}'


def test_versions_may_have_other_names_than_servers() -> None:
    _, queries = read_queries("prometheus:http://p", f"{WRITTEN}\nversions: {{stable: 7, candidate: 8}}", SERVICES)
    assert (queries.of("stable", "{version}"), queries.of("candidate", "{version}")) == ("7", "8")


def test_errors_are_labels_of_the_requests_or_counters_of_their_own() -> None:
    _, queries = read_queries("prometheus:http://p", WRITTEN, SERVICES)
    assert queries.shares["errors"].bad == ((Condition("code", "=~", "5.."), Condition("method", "=", "POST")),)
    written = 'requests: [a, b]\nerrors: ["failures_total{}", "x!~\'1\'"]'
    _, queries = read_queries("prometheus:http://p", written, SERVICES)
    assert queries.shares["errors"].bad == ("failures_total{}", "x!~'1'"), "PromQL's own quotes are double ones"


@pytest.mark.parametrize(
    ("condition", "holding", "other"),
    [
        (Condition("code", "=~", "5..|0"), ["500", "0"], ["1500", "50", "", None]),
        (Condition("code", "!~", "2.."), ["500", None], ["200"]),
        (Condition("code", "=", ""), ["", None], ["200"]),
        (Condition("code", "!=", "200"), ["500", None], ["200"]),
    ],
)
def test_conditions_hold_as_in_promql(condition: Condition, holding: list[str | None], other: list[str | None]) -> None:
    assert all(condition.holds(value) for value in holding)
    assert not any(condition.holds(value) for value in other)


def test_a_preset_has_parameters_and_may_be_added_to() -> None:
    location = "prometheus:http://p:9090?preset=haproxy&backend=web"
    address, queries = read_queries(location, 'wrong: wrong_total{v="{version}"}', SERVICES)
    assert address == "http://p:9090"
    assert set(queries.shares) == {"errors", "wrong"}
    assert queries.of("candidate", queries.shares["errors"].total[0]) == (
        'haproxy_server_http_responses_total{proxy="web", server="candidate"}'
    )


def test_queries_may_lie_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "queries.yml"
    file.write_text(f"{WRITTEN}\nlatency: seconds_bucket\nlatency-unit: us\n")
    _, queries = read_queries("prometheus:http://p", str(file), SERVICES)
    assert (queries.latency, queries.unit) == ("seconds_bucket", 1e-6)


@pytest.mark.parametrize(
    ("location", "written", "said"),
    [
        ("prometheus:http://p", None, "metrics-query: what to ask Prometheus is not said: `requests` and `errors` are"),
        ("prometheus:http://p", "requests: a\n", "Or name an exporter, such as ?preset=envoy."),
        ("prometheus:http://p?preset=envoi", None, "'metrics-source' has no preset 'envoi'. Did you mean 'envoy'"),
        ("prometheus:http://p?preset=envoy&backend=a", None, "has 'backend', which is no parameter of prometheus"),
        ("prometheus:http://p", f"{WRITTEN}\nlatency: [a]", "metrics-query:3: latency: one query of a histogram's"),
        ("prometheus:http://p", f"{WRITTEN}\nlatency-unit: h", "metrics-query:3: latency-unit: 'h' is no unit; write"),
        ("prometheus:http://p", f"{WRITTEN}\nwrong: {{all: a}}", "metrics-query:3: wrong: `bad` is needed and `total`"),
        ("prometheus:http://p", f"{WRITTEN}\nwrong: 7", "metrics-query:3: wrong: a query is needed, found 7."),
        ("prometheus:http://p", f"{WRITTEN}\nversions: v1", "metrics-query:3: versions: write `{stable: …, candidate"),
        ("prometheus:http://p", "- a\n- b", "metrics-query: the queries are no mapping. Write `requests:"),
        ("prometheus:http://p", "queries.yaml", "the file of the queries 'queries.yaml' does not exist"),
    ],
)
def test_what_is_written_wrongly_is_named(location: str, written: str | None, said: str) -> None:
    with pytest.raises(InputError) as refused:
        read_queries(location, written, SERVICES)
    assert said in str(refused.value)
