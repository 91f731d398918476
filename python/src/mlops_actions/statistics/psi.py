"""Population stability index: how far a distribution over bins has moved from a reference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Stability:
    """A population stability index and what of it is noise."""

    value: float
    """The index as observed; NaN where a side has no rows."""
    floor: float
    """What two samples of these sizes from one distribution show on average."""

    @property
    def excess(self) -> float:
        """The index above the noise, at least 0; this is what a limit should be compared with."""
        return max(self.value - self.floor, 0.0) if self.value == self.value else self.value


def stability(reference: ArrayLike, current: ArrayLike) -> Stability:
    """Σ (p - q)·ln(p / q) over bins, from the counts of rows in each bin (K,) (Lewis 1994).

    Half a row is added to every bin, so that an empty one stays finite. Under no change the index is about
    (K - 1)(1/n + 1/m), a chi-square with K - 1 degrees of freedom scaled (Yurdakul & Naranjo 2020), over the K bins
    that hold any row. Raises ValueError for counts of different shapes or below 0.

    >>> found = stability([100, 100, 100], [100, 100, 100])
    >>> found.value, round(found.floor, 4)
    (0.0, 0.0133)
    """
    expected, actual = np.asarray(reference, dtype=np.float64), np.asarray(current, dtype=np.float64)
    if expected.shape != actual.shape or expected.ndim != 1:
        raise ValueError(f"counts need one common length, found shapes {expected.shape} and {actual.shape}")
    if not (
        np.isfinite(expected).all() and np.isfinite(actual).all() and (expected >= 0).all() and (actual >= 0).all()
    ):
        raise ValueError("counts must be finite and not negative")
    used = expected + actual > 0
    expected, actual = expected[used], actual[used]
    if not expected.sum() or not actual.sum():
        return Stability(float("nan"), float("nan"))
    p, q = ((counts + 0.5) / (counts.sum() + 0.5 * len(counts)) for counts in (expected, actual))
    floor = (len(expected) - 1) * (1.0 / expected.sum() + 1.0 / actual.sum())
    return Stability(float(((p - q) * np.log(p / q)).sum()), float(floor))
