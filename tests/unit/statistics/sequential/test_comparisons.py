"""Intervals of A/B tests and shadows, looked at again and again: 1,000 repetitions, fixed seeds, the binomial bound."""

from __future__ import annotations

from types import ModuleType

import pytest
from scipy.stats import binom

REPETITIONS = 1_000
BOUND = float(binom.ppf(0.999, REPETITIONS, 0.05)) / REPETITIONS
"""An interval that keeps alpha exactly exceeds it once in a thousand seeds."""


@pytest.mark.parametrize(
    ("kind", "position"),
    [*(("PROPORTIONS", place) for place in range(4)), *(("MEANS", place) for place in range(3)),
     *(("SHADOWS", place) for place in range(3))],
)  # fmt: skip
def test_the_truth_is_covered_at_all_looks_together(
    benchmark_comparisons: ModuleType, kind: str, position: int
) -> None:
    found = getattr(benchmark_comparisons, kind)[position].misses(REPETITIONS)
    assert found.ours <= BOUND
    # The same data do mislead the interval that most people would write.
    assert found.naive > 0.15
