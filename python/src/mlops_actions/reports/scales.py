"""Where numbers land on a chart: plain arithmetic that the templates draw."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mlops_actions.reports.page import Histogram, Interval, Intervals, Lines

WIDTH, HEIGHT = 300.0, 220.0
"""Of the room inside a chart's axes."""


@dataclass(frozen=True)
class Axis:
    """A linear scale from `low`…`high` to 0…`width` pixels."""

    low: float
    high: float
    width: float

    def at(self, value: float | None, missing: float = 0.0) -> float:
        """The position of a value, kept inside the axis; `missing` (a share of the width) where there is none."""
        if value is None:
            return round(missing * self.width, 1)
        share = (value - self.low) / (self.high - self.low)
        return round(min(max(share, 0.0), 1.0) * self.width, 1)

    def ticks(self, about: int = 5) -> list[float]:
        """About so many round numbers.

        >>> Axis(-0.013, 0.051, 100).ticks(3)
        [0.0, 0.05]
        """
        step = _round_step((self.high - self.low) / about)
        first = math.ceil(self.low / step - 1e-9)
        return [round(index * step, 10) + 0.0 for index in range(first, math.floor(self.high / step + 1e-9) + 1)]


def common_axis(chart: Intervals) -> Axis:
    """An axis of 100 that holds every bound, value and limit that an interval chart draws."""
    return _padded((one for row in chart.rows if row.value is not None for one in _numbers(row)), 100.0)


def own_axis(row: Interval) -> Axis:
    """An axis of 100 for one row: its limit is in the middle, where it has one."""
    found = _numbers(row)
    if row.limit is not None:
        reach = max((abs(one - row.limit) for one in found), default=0.0)
        found += [row.limit - reach, row.limit + reach]
    return _padded(found, 100.0)


def axes_of(chart: Lines) -> tuple[Axis, Axis]:
    """The x and y axes of a line chart; y points upwards when drawn from `HEIGHT` down."""
    if chart.square:
        return Axis(0.0, 1.0, WIDTH), Axis(0.0, 1.0, HEIGHT)
    ends = chart.guide[1] if chart.guide else ()
    x = [one for line in chart.series for one in line.x]
    y = [one for line in chart.series for part in (line.y, line.lower, line.upper) for one in part if one is not None]
    y += [one for area in chart.areas for part in (area.low, area.high) for one in part]
    x_axis = _padded([*x, *(end[0] for end in ends)], WIDTH, pad=0.0)
    return x_axis, _padded([*y, *(end[1] for end in ends)], HEIGHT)


def histogram_axes(chart: Histogram) -> tuple[Axis, Axis]:
    """The axes of a histogram; shares begin at 0."""
    highest = max((one for _, shares in chart.series for one in shares), default=0.0) or 1.0
    return Axis(chart.edges[0], chart.edges[-1], WIDTH), Axis(0.0, 1.05 * highest, HEIGHT)


def steps(edges: Sequence[float], shares: Sequence[float]) -> list[tuple[float, float]]:
    """The outline of a histogram, from the ground and back to it."""
    inner = [(edge, share) for i, share in enumerate(shares) for edge in edges[i : i + 2]]
    return [(edges[0], 0.0), *inner, (edges[-1], 0.0)]


def _numbers(row: Interval) -> list[float]:
    return [one for one in (row.value, row.lower, row.upper, row.limit) if one is not None and math.isfinite(one)]


def _padded(values: Iterable[float], width: float, pad: float = 0.05) -> Axis:
    found = list(values)
    low, high = min(found, default=0.0), max(found, default=1.0)
    if not high > low:
        return Axis(low - (abs(low) * 0.05 or 1.0), high + (abs(high) * 0.05 or 1.0), width)
    room = (high - low) * pad
    return Axis(low - room, high + room, width)


def _round_step(step: float) -> float:
    magnitude = 10.0 ** math.floor(math.log10(step))
    for factor in (1, 2, 5):
        if step <= factor * magnitude:
            return factor * magnitude
    return 10 * magnitude
