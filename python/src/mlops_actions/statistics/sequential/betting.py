"""The mean of bounded values with an exact interval that is valid at every look.

Against each possible mean runs a bet that its conditional expectation is that mean, in shares that depend on the past
only (Waudby-Smith & Ramdas, "Estimating means of bounded random variables by betting", JRSS B 2024). Made for pairs:
whether two models agreed (0, 1), which of the two was wrong (-1, 0, 1). Nothing is assumed about how the values are
distributed; the mean, given the past, is to stay the same.
"""

from __future__ import annotations

import math
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from mlops_actions.statistics.sequential.e_values import FloatArray
from mlops_actions.statistics.sequential.interval import Interval, farthest

_BOLDEST: Final = 0.75
"""Of what could be lost in one bet; the rest is kept."""
_PRIOR: Final = 4.0
"""Values in the middle of the range, of the widest spread, that the past begins with."""


def bounded_mean(
    values: npt.ArrayLike, alpha: float, bounds: tuple[float, float] = (0.0, 1.0), dispersion: float = 1.0
) -> Interval | None:
    """The mean of values within bounds, in the order in which they came; None without one.

    >>> found = bounded_mean([1, 1, 1, 0, 1] * 100, alpha=0.05)
    >>> round(found.value, 2), round(found.lower, 2), round(found.upper, 2)
    (0.8, 0.73, 0.85)
    """
    seen = np.asarray(values, dtype=float)
    if not len(seen):
        return None
    value, threshold = float(seen.mean()), math.log(2 / alpha) * dispersion

    def keeps(side: Literal["above", "below"], mean: float) -> bool:
        return float(log_wealth(seen, mean, side, bounds)[-1]) < threshold

    low, high = bounds
    return Interval(
        value,
        lower=farthest(lambda mean: keeps("above", mean), value, low),
        upper=farthest(lambda mean: keeps("below", mean), value, high),
    )


def log_wealth(
    values: FloatArray, mean: float, side: Literal["above", "below"], bounds: tuple[float, float] = (0.0, 1.0)
) -> FloatArray:
    """The log of what a bettor owns after each value, values along the last axis, who bets that the mean is `above`,
    or `below`, the one given: an e-process against "it is not".
    """
    low, high = bounds
    number = np.arange(values.shape[-1]) + _PRIOR
    middle, spread = (low + high) / 2, ((high - low) / 2) ** 2
    past = (np.cumsum(values, axis=-1) - values + _PRIOR * middle) / number
    off = (values - past) ** 2
    variance = (np.cumsum(off, axis=-1) - off + _PRIOR * spread) / number
    edge = past - mean
    # The share that grows fastest, to the second order; the bet against a mean at a bound could lose everything.
    share = edge / (variance + edge**2)
    most_below, most_above = mean - low, high - mean
    if side == "above":
        share = np.clip(share, 0, _BOLDEST / most_below if most_below > 0 else np.inf)
    else:
        share = np.clip(share, -_BOLDEST / most_above if most_above > 0 else -np.inf, 0)
    return np.cumsum(np.log1p(share * (values - mean)), axis=-1)
