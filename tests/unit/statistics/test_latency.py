"""Latency over repeats, against scipy and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from mlops_actions.statistics.contrasts import combine, independent
from mlops_actions.statistics.latency import LATENCIES, Repeats, differences_of, estimates_of

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


def test_what_both_models_suffer_in_a_repeat_does_not_blur_their_difference() -> None:
    disturbed = 1.0 + np.random.default_rng(4).exponential(1.0, (REPEATS, 1))
    own, other = repeats(10.0 * disturbed + calls(5) / 100), repeats(9.5 * disturbed + calls(6) / 100)
    difference = differences_of(own, other)["latency_p95_ms"]
    one, two = estimates_of(own)["latency_p95_ms"], estimates_of(other)["latency_p95_ms"]
    assert difference.value == pytest.approx(one.value - two.value)
    assert difference.se < one.se / 5
    assert combine(one, two, difference, b=1.2).upper(0.95) < 0 < combine(one, two, difference).lower(0.95)


def drifting(seed: int, factor: float) -> tuple[Repeats, Repeats]:
    """A model that takes `factor` times as long as its champion, on a machine that wanders from burst to burst."""
    generator = np.random.default_rng(seed)
    # A random walk, a trend, and a neighbour who comes for half of the time: shared by bursts that are side by side.
    walk = np.cumsum(0.05 * generator.normal(size=2 * REPEATS)) + np.linspace(
        0, generator.normal(scale=0.5), 2 * REPEATS
    )
    walk[REPEATS:] += 0.5 * generator.integers(2)
    machine = np.exp(walk)
    # Who begins a round alternates.
    places = np.arange(2 * REPEATS).reshape(REPEATS, 2)
    places[1::2] = places[1::2, ::-1]
    times = 10 * np.exp(0.1 * generator.normal(size=(2, REPEATS, 40))) * machine[places.T][:, :, None]
    return repeats(factor * times[0]), repeats(times[1])


@pytest.mark.parametrize("factor", [1.0, 1.2])
def test_a_machine_that_drifts_misleads_no_comparison(factor: float) -> None:
    missed, narrower = [], []
    for seed in range(1000):
        pair = drifting(seed, factor)
        (one, two), difference = (estimates_of(each)["latency_p95_ms"] for each in pair), differences_of(*pair)
        contrast = combine(one, two, difference["latency_p95_ms"], b=factor)
        missed.append((contrast.upper(0.95) < 0, contrast.lower(0.95) > 0))
        narrower.append(contrast.se / independent(one, two).se)
    # Each side misses in at most 1 of 20, and by not looking at pairs one would see hardly anything.
    assert np.all(np.mean(missed, axis=0) <= 0.05 + 0.014)
    assert np.median(narrower) < 0.5


def test_fewer_than_ten_repeats_decide_nothing() -> None:
    assert estimates_of(repeats(calls(7, number=10)))["latency_p95_ms"].undecidable is None
    found = estimates_of(repeats(calls(7, number=9)))["latency_p95_ms"]
    assert (found.undecidable, found.clusters) == ("few-clusters", 9)
    assert found.upper(0.95) == np.inf


def test_quantiles_that_so_few_calls_cannot_tell_are_left_out() -> None:
    assert list(estimates_of(repeats(calls(8, count=20)))) == ["latency_p50_ms", "latency_p95_ms"]
    assert list(estimates_of(repeats(calls(8, count=18)))) == ["latency_p50_ms"]
    assert estimates_of([]) == {}
