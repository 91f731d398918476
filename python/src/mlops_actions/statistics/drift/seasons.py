"""A reference that follows the data's seasons: what its months or weekdays would look like in the data's mixture."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mlops_actions.statistics.clusters import Floats


def in_step(reference: ArrayLike, current: ArrayLike, *sums: tuple[ArrayLike, ArrayLike]) -> tuple[Floats, ...]:
    """Counts by season and bin (S, K) of both sides → counts by bin (K,), the reference's in the data's mixture.

    This is direct standardisation (post-stratification): season s has the weight w_s that it has in the data. Rows of
    seasons that only one side has are left out. The reference then counts for n = 1 / Σ w_s² / n_s rows, which is a
    little fewer than its shares are good for, since seasons differ. `sums` are pairs (S, K) that are weighted alike and
    follow in the result. Without a common season everything is 0.

    >>> in_step([[10, 0], [0, 10]], [[5, 1], [0, 0]])
    (array([10.,  0.]), array([5., 1.]))
    """
    expected, actual = np.asarray(reference, dtype=np.float64), np.asarray(current, dtype=np.float64)
    there, here = expected.sum(axis=1), actual.sum(axis=1)
    common = (there > 0) & (here > 0)
    pairs = [(expected, actual), *((np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)) for a, b in sums)]
    if not common.any():
        return tuple(np.zeros(expected.shape[1]) for _ in range(2 * len(pairs)))
    weights = here[common] / here[common].sum()
    rows = 1.0 / float((weights**2 / there[common]).sum())
    found: list[Floats] = []
    for before, now in pairs:
        found += [rows * (weights / there[common]) @ before[common], now[common].sum(axis=0)]
    return tuple(found)
