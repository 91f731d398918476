"""What Envoy counts for each way of not answering, as an Envoy 1.40 gave it for three requests each."""

from __future__ import annotations

import pytest

from mlops_actions.canary_deploy.metrics.envoy import counts_of
from mlops_actions.statistics.sequential import Counts

CASES = {
    "good": ({"rq_completed": 3}, Counts(0, 3)),
    "status 500": ({"rq_completed": 3, "rq_5xx": 3}, Counts(3, 3)),
    "time-out": (
        {"rq_completed": 3, "rq_5xx": 3, "rq_timeout": 3, "cx_destroy_local_with_active_rq": 3},
        Counts(3, 3),
    ),
    "reset before an answer": (
        {"rq_completed": 3, "rq_5xx": 3, "rq_503": 3, "cx_destroy_remote_with_active_rq": 3},
        Counts(3, 3),
    ),
    "connection refused": ({"rq_completed": 3, "rq_5xx": 3, "rq_503": 3}, Counts(3, 3)),
    "answer broken off": ({"rq_completed": 3, "cx_destroy_remote_with_active_rq": 3}, Counts(3, 3)),
    "client gave up": ({"cx_destroy_local_with_active_rq": 3}, Counts(3, 3)),
    "nothing yet": ({}, Counts(0, 0)),
}


@pytest.mark.parametrize("case", CASES)
def test_every_way_of_not_answering_is_one_error(case: str) -> None:
    counters, expected = CASES[case]
    found = {f"cluster.candidate.upstream_{name}": value for name, value in counters.items()}
    assert counts_of(found, "candidate") == expected
    assert counts_of(found, "stable") == Counts(0, 0)


def test_the_counts_of_a_mixture_add_up() -> None:
    mixture: dict[str, int] = {}
    for counters, _ in CASES.values():
        for name, value in counters.items():
            mixture[f"cluster.stable.upstream_{name}"] = mixture.get(f"cluster.stable.upstream_{name}", 0) + value
    total = sum(expected.total for _, expected in CASES.values())
    found = counts_of(mixture, "stable")
    assert found.total == total
    # Refused connections hide as many answers that broke off: both are 503 and destroyed connections.
    assert total - 3 - 3 <= found.bad <= total - 3
