"""The median of errors: a quantile, whose influence needs the density at its place."""

from __future__ import annotations

import numpy as np

from mlops_actions.statistics.clusters import Codes, Floats
from mlops_actions.statistics.frame import Frame
from mlops_actions.statistics.influence import Denominators, Influence

_WIDTH = 2.0
"""Standard errors on each side over which the density is measured: about those of a bound."""


def median_absolute_error(everything: Denominators, truth: Floats, values: Floats) -> Influence:
    """Weighted median of the absolute errors (sklearn's: the mean of both middle ones where it falls between).

    A row's influence is (½ - [error <= median]) / density. The density is what Woodruff's interval (1952; for clusters
    Francisco & Fuller 1991) implies: the quantiles at ½ ± 2 standard errors of the share below the median, which is
    itself estimated by cluster, lie as far apart as the median varies.
    """
    errors, frame = np.abs(values - truth), everything.frame
    sorted_errors = _Sorted(frame, errors)
    median = sorted_errors.quantile(np.full(frame.groups, 0.5))
    with np.errstate(divide="ignore", invalid="ignore"):
        below = everything.mean((errors <= frame.spread(median)).astype(np.float64))
        width = _WIDTH * np.sqrt(everything.spread(below.slope).variance)
        low, high = np.clip(0.5 - width, 0.0, 1.0), np.clip(0.5 + width, 0.0, 1.0)
        rise = (sorted_errors.quantile(high) - sorted_errors.quantile(low)) / (high - low)
    return Influence(median, below.slope * -frame.spread(rise), everything)


class _Sorted:
    """Values in order within each group, with the weight up to each."""

    def __init__(self, frame: Frame, values: Floats) -> None:
        self._frame = frame
        order: Codes = np.argsort(values) if frame.groups == 1 else np.lexsort((values, frame.group))
        self._values = values[order]
        counts = np.bincount(frame.group, minlength=frame.groups)
        self._ends = np.cumsum(counts)
        self._starts = self._ends - counts
        self._mass = None if frame.mass is None else frame.mass[order]

    def quantile(self, share: Floats) -> Floats:
        """The quantile of each group, (groups,): Hyndman & Fan's (1996) definition 2; NaN of no rows."""
        found = np.full(len(share), np.nan)
        for group, (start, end) in enumerate(zip(self._starts, self._ends, strict=True)):
            if start == end or not np.isfinite(share[group]):
                continue
            values = self._values[start:end]
            reached = np.arange(1.0, end - start + 1.0) if self._mass is None else np.cumsum(self._mass[start:end])
            target = share[group] * reached[-1]
            place = min(int(np.searchsorted(reached, target)), len(values) - 1)
            following = min(place + 1, len(values) - 1)
            between = reached[place] - target <= np.finfo(np.float64).eps
            found[group] = (values[place] + values[following]) / 2.0 if between else values[place]
        return found
