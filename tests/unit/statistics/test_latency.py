"""Latency over repeats, against scipy and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from mlops_actions.statistics.latency import LATENCIES, Repeats, estimates_of

REPEATS = 12


def repeats(rows: NDArray[np.float64], batches: NDArray[np.float64] | None = None) -> Repeats:
    if batches is None:
        return [{"row": list(one)} for one in rows]
    return [{"row": list(one), "batch": list(other)} for one, other in zip(rows, batches, strict=True)]


def calls(seed: int, count: int = 100, number: int = REPEATS) -> NDArray[np.float64]:
    """Times that vary from call to call, and together from repeat to repeat."""
    generator = np.random.default_rng(seed)
    logarithms = 0.2 * generator.normal(size=(number, 1)) + 0.1 * generator.normal(size=(number, count))
    return np.asarray(10 * np.exp(logarithms))


def test_a_quantile_is_taken_in_each_repeat_and_then_their_mean() -> None:
    found = estimates_of(repeats(calls(1), 5 * calls(2)))
    assert tuple(found) == LATENCIES
    each = stats.mstats.mquantiles(calls(1), [0.95], alphap=0, betap=0, axis=1)[:, 0]
    one = found["latency_p95_ms"]
    assert one.value == pytest.approx(each.mean())
    assert one.se == pytest.approx(stats.sem(each))
    assert one.df == REPEATS - 1
    assert found["batch_latency_p50_ms"].value > 4 * found["latency_p50_ms"].value


def test_the_upper_bound_holds_as_often_as_it_says() -> None:
    # The expectation of the 95th percentile of a repeat of this kind, from many.
    truth = estimates_of(repeats(calls(3, number=20_000)))["latency_p95_ms"].value
    bounds = [estimates_of(repeats(calls(seed)))["latency_p95_ms"] for seed in range(1000)]
    assert np.mean([one.upper(0.95) >= truth for one in bounds]) == pytest.approx(0.95, abs=0.025)
    assert np.mean([one.lower(0.95) <= truth for one in bounds]) == pytest.approx(0.95, abs=0.025)


def test_fewer_than_ten_repeats_decide_nothing() -> None:
    assert estimates_of(repeats(calls(7, number=10)))["latency_p95_ms"].undecidable is None
    found = estimates_of(repeats(calls(7, number=9)))["latency_p95_ms"]
    assert (found.undecidable, found.clusters) == ("few-clusters", 9)
    assert found.upper(0.95) == np.inf


def test_quantiles_that_so_few_calls_cannot_tell_are_left_out() -> None:
    assert list(estimates_of(repeats(calls(8, count=20)))) == ["latency_p50_ms", "latency_p95_ms"]
    assert list(estimates_of(repeats(calls(8, count=18)))) == ["latency_p50_ms"]
    assert estimates_of([]) == {}
