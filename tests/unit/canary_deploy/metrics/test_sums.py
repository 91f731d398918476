"""Means of both sides: read, subtracted, and never taken from what is none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mlops_actions.canary_deploy.metrics.counts import read_counts
from mlops_actions.canary_deploy.metrics.interface import Snapshot, sums_since
from mlops_actions.errors import OutsideError
from mlops_actions.statistics.sequential import Moments


def snapshot(now: float, number: int, total: float, squares: Any) -> Snapshot:
    side = {"requests": 900, "errors": 9, "means": {"revenue": {"number": number, "sum": total, "squares": squares}}}
    return read_counts({"stable": side, "candidate": side}, now, "`users.sh counts`")


def test_what_was_added_since_the_look_before() -> None:
    before, after = snapshot(0, 10, 20.0, 50.0), snapshot(10, 30, 50.0, 150.0)
    added = Moments(20, 30.0, 100.0)
    assert sums_since(before, after, 30) == {"revenue": (added, added)}


def test_after_a_gap_a_reset_or_a_sum_that_shrank_nothing_was_added() -> None:
    before, after = snapshot(0, 10, 20.0, 50.0), snapshot(10, 30, 50.0, 150.0)
    assert sums_since(before, after, 5) == {}
    assert sums_since(before, replace(after, born=100.0), 30) == {}
    assert sums_since(before, snapshot(10, 5, 10.0, 30.0), 30) == {}
    assert sums_since(replace(before, sums={}), after, 30) == {}


@pytest.mark.parametrize(
    ("squares", "said"),
    [
        (None, "'revenue' of 'candidate' as {'number': 10, 'sum': 20.0, 'squares': None}, not {\"number\""),
        (float("nan"), "'revenue' of 'candidate', and no 10 values can have the sum 20 and the sum of squares nan"),
        (1.0, "'revenue' of 'candidate', and no 10 values can have the sum 20 and the sum of squares 1"),
    ],
)
def test_sums_that_are_none_are_refused(squares: Any, said: str) -> None:
    with pytest.raises(OutsideError) as refused:
        snapshot(0, 10, 20.0, squares)
    assert said in str(refused.value)
