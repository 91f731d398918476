"""The JSON object that a command prints or a URL answers."""

from __future__ import annotations

from typing import Any

import pytest

from mlops_actions.canary_deploy.metrics.counts import read_counts
from mlops_actions.canary_deploy.metrics.interface import BY_CLUSTER, ERRORS, Snapshot
from mlops_actions.errors import OutsideError
from mlops_actions.statistics.sequential import Counts

STABLE: dict[str, Any] = {
    "requests": 900,
    "errors": 9,
    "latency": {"0.1": 700, "0.25": 890, "+Inf": 895},
    "counters": {"wrong": 12, "late": {"bad": 3, "total": 40}},
    "clusters": {"bad": 2, "total": 60},
}


def read(**candidate: Any) -> Snapshot:
    return read_counts({"stable": STABLE, "candidate": STABLE | candidate}, 5.0, "`counts`")


def test_every_kind_of_count_has_its_own_total() -> None:
    readings = read().readings
    assert {name: one.baseline for name, one in readings.items()} == {
        ERRORS: Counts(9, 900),
        BY_CLUSTER: Counts(2, 60),
        "wrong": Counts(12, 900),
        "late": Counts(3, 40),
        "latency>100ms": Counts(204, 900),
        "latency>250ms": Counts(14, 900),
    }
    assert {one.time for one in readings.values()} == {5.0}


def test_errors_that_were_answered_at_once_are_slow() -> None:
    """5 of the 9 errors got no answer and are in no bucket; 4 were answered within 100 ms."""
    assert read().readings["latency>250ms"].baseline.bad == (900 - 890) + 4


@pytest.mark.parametrize(
    ("candidate", "said"),
    [
        ({"counters": {"wrong": 12}}, "no 'late' of 'candidate', and one of the other side"),
        ({"counters": {**STABLE["counters"], "odd": 1}}, "no 'odd' of 'stable', and one of the other side"),
        ({"counters": {"wrong": 901}}, "901 wrong in 900 requests of 'candidate'"),
        ({"counters": {"wrong": "12"}}, "'wrong' of 'candidate' as '12'"),
        ({"counters": {"late": {"bad": 3}}}, "'total' of 'late' of 'candidate' as None"),
        ({"counters": {"errors": 1}}, "a counter named 'errors' of 'candidate', which is a name of ours"),
        ({"counters": [1]}, r"'counters' of 'candidate' as \[1\]"),
        ({"clusters": 7}, r"'clusters' of 'candidate' as 7, not {\"bad\": …, \"total\": …}"),
        ({"latency": {"fast": 3}}, "a bucket 'fast' in the latency of 'candidate', no number of seconds"),
        ({"latency": {"nan": 3}}, "a bucket 'nan' in the latency of 'candidate', no number of seconds"),
        ({"latency": {"0.1": 700, "0.25": 690}}, "buckets of 'candidate' that do not grow with their bounds"),
        ({"latency": {"0.1": float("nan")}}, "'0.1' of 'candidate' as nan"),
    ],
)
def test_what_is_no_count_is_refused_and_named(candidate: dict[str, Any], said: str) -> None:
    with pytest.raises(OutsideError, match=f"`counts` gives {said}"):
        read(**candidate)
