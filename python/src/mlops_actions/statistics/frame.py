"""Rows in groups: the form in which every metric sees its data, be it a whole table or 200 slices at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlops_actions.statistics.clusters import Codes, Design, Floats, Way, sums


@dataclass(frozen=True)
class Frame:
    """Rows, or runs of like rows, with their group, weight and clusters."""

    group: Codes
    """Group of each row, 0 … groups - 1."""
    groups: int
    """Number of groups."""
    weight: Floats | None
    """Weight of one row; None where all weigh 1, which spares every sum a pass."""
    ways: tuple[Way, ...]
    """Partitions into clusters; none where every row is its own cluster."""
    count: Floats | None = None
    """How many like rows each entry stands for; None for one."""

    @classmethod
    def of(cls, design: Design, group: Codes | None = None, groups: int = 1) -> Frame:
        """All rows of a table, as one group or by slice."""
        group = np.zeros(design.rows, dtype=np.intp) if group is None else group
        return cls(group, groups, design.weights, design.ways, design.counts)

    @cached_property
    def mass(self) -> Floats | None:
        """Total weight of each entry; None where each is 1."""
        return self.count if self.weight is None else times(self.weight, self.count)

    @cached_property
    def masses(self) -> Floats:
        """Total weight of each group (groups,)."""
        return sums(self.group, self.mass, self.groups)

    def total(self, values: Floats) -> Floats:
        """Weighted sum per group (groups,)."""
        return self.bincount(times(values, self.mass))

    def bincount(self, values: NDArray[Any]) -> Floats:
        """Plain sum per group (groups,)."""
        if self.groups == 1:
            return np.array([values.sum()], dtype=np.float64)
        return sums(self.group, values, self.groups)

    def spread(self, per_group: Floats) -> Floats:
        """Each row's value of its group."""
        return per_group[self.group]

    def rows_where(self, mask: NDArray[np.bool_]) -> Codes:
        """Number of original rows per group where the mask holds."""
        return np.rint(self.bincount(mask if self.count is None else mask * self.count)).astype(np.intp)

    def collapse(self, cells: Codes, size: int) -> tuple[Frame, Codes] | None:
        """Merge rows alike in group, finest cluster and cell (0 … size - 1) into runs.

        Returns the smaller frame and its cells, or None where it would not be smaller, or where weights differ
        between rows that are their own clusters.
        """
        finest = self.ways[-1] if self.ways else None
        weights = self.weight if self.weight is not None and len(self.weight) else None
        unequal = weights is not None and float(np.ptp(weights)) > 0.0
        width = 1 if finest is None else finest.size
        entries = self.groups * width * size
        if self.count is not None or entries > 4 * len(cells) + 65536 or (finest is None and unequal):
            return None
        key = self.group * size + cells
        if finest is not None:
            key = finest.codes * (self.groups * size) + key
        counts = np.bincount(key, minlength=entries)
        present = np.flatnonzero(counts)
        count = counts[present].astype(np.float64)
        weight = None if weights is None else sums(key, weights, entries)[present] / count
        cluster, rest = np.divmod(present, self.groups * size)
        group, cell = np.divmod(rest, size)
        ways = () if finest is None else tuple(_project(way, finest, cluster) for way in self.ways)
        return Frame(group, self.groups, weight, ways, count), cell

    def pick(self, rows: Codes) -> Frame:
        """Some entries, as one group."""
        ways = tuple(Way(way.columns, way.codes[rows], way.size) for way in self.ways)
        count = None if self.count is None else self.count[rows]
        weight = None if self.weight is None else self.weight[rows]
        return Frame(np.zeros(len(rows), dtype=np.intp), 1, weight, ways, count)

    @cached_property
    def pairs(self) -> tuple[tuple[Codes, Codes], ...]:
        """For each way, the (cluster, group) pair of each row, and the group of each pair."""
        found = []
        for way in self.ways:
            code = way.codes * self.groups + self.group
            entries = way.size * self.groups
            if entries <= len(code):
                found.append((code, np.arange(entries, dtype=np.intp) % self.groups))
            else:
                distinct, pair = np.unique(code, return_inverse=True)
                found.append((pair.astype(np.intp, copy=False), distinct % self.groups))
        return tuple(found)


def times(values: Floats, factor: Floats | None) -> Floats:
    """The product with a factor that is None where it is 1."""
    return values if factor is None else values * factor


def _project(way: Way, finest: Way, cluster: Codes) -> Way:
    """The way's codes for runs that know only their finest cluster."""
    table = np.zeros(finest.size, dtype=np.intp)
    table[finest.codes] = way.codes
    return Way(way.columns, table[cluster], way.size)
