"""Where numbers land on a chart: plain arithmetic that the templates draw."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from mlops_actions.reports.page import Interval, Intervals, Timeline

_COMPARABLE = 10.0


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

    def ticks(self) -> list[float]:
        """About five round numbers."""
        step = _round_step((self.high - self.low) / 5)
        first = math.ceil(self.low / step)
        return [round(index * step, 10) for index in range(first, math.floor(self.high / step) + 1)]


def charts_of(title: str, rows: Iterable[tuple[float, Interval]]) -> tuple[Intervals, ...]:
    """Interval charts that each hold rows of about one magnitude, which is given beside each row.

    On one axis an error in euros would flatten every share beside it. Whatever is at most 1 shares one chart.

    >>> price, share = Interval("rmse", 9.0, 8.0, 10.0, 0.0, ""), Interval("r2", 0.1, 0.0, 0.2, 0.0, "")
    >>> [chart.title for chart in charts_of("Difference", [(140.0, price), (0.9, share)])]
    ['Difference', 'Difference, on another scale']
    """
    of_all = [(max(abs(magnitude), 1.0), row) for magnitude, row in rows]
    starts: list[float] = []
    for magnitude in sorted(magnitude for magnitude, _ in of_all):
        if not starts or magnitude > _COMPARABLE * starts[-1]:
            starts.append(magnitude)
    groups: dict[float, list[Interval]] = {}
    for magnitude, row in of_all:
        groups.setdefault(max(start for start in starts if start <= magnitude), []).append(row)
    titles = (title, *[f"{title}, on another scale"] * len(groups))
    return tuple(Intervals(one, tuple(group)) for one, group in zip(titles, groups.values(), strict=False))


def axis_of(chart: Intervals, width: float) -> Axis:
    """An axis that holds every bound, value and limit of an interval chart."""
    found = [
        number
        for row in chart.rows
        for number in (row.value, row.lower, row.upper, row.limit)
        if number is not None and math.isfinite(number)
    ]
    return _padded(found, width)


def timeline_of(chart: Timeline, width: float, height: float) -> tuple[Axis, Axis]:
    """The x and y axes of a timeline; y points upwards when drawn from `height` down."""
    values = [number for _, line in chart.series for number in line]
    return _padded(list(chart.x), width), _padded([*values, chart.threshold, 0.0], height)


def _padded(values: list[float], width: float) -> Axis:
    low, high = min(values, default=0.0), max(values, default=1.0)
    pad = (high - low) * 0.05 or abs(high) * 0.05 or 1.0
    return Axis(low - pad, high + pad, width)


def _round_step(step: float) -> float:
    magnitude = 10.0 ** math.floor(math.log10(step))
    for factor in (1, 2, 5):
        if step <= factor * magnitude:
            return factor * magnitude
    return 10 * magnitude
