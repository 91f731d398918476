"""Rows in groups: the form in which every metric sees its data, be it a whole table or 200 slices at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mlops_actions.statistics.clusters import Codes, Design, Floats, Way, sandwich_terms, sums


@dataclass(frozen=True)
class Influence:
    """A metric per group, linearised: by how much each row's weight moves it (Binder 1983)."""

    value: Floats
    """The metric of each group (groups,); NaN where it is not defined."""
    slope: Floats
    """d value / d weight of each row (rows,)."""
    shares: tuple[Floats, ...]
    """For each denominator, 1 / its total in the row's group for the rows in it, else 0: (rows,) each."""
    hit: Floats | None = None
    """Proportions: 1 where the row counts in the numerator."""


@dataclass(frozen=True)
class Spread:
    """Sampling variation of one linearised metric, per group: arrays (groups,)."""

    variance: Floats
    """Cluster-robust variance."""
    independent: Floats
    """The variance that independent rows would give."""
    effective: Floats
    """Effective number of clusters G*, the least over denominators and ways."""
    clusters: Codes
    """Number of clusters in the denominator, the least over ways."""
    rows: Codes
    """Number of rows in the denominator."""


@dataclass(frozen=True)
class Frame:
    """Rows, or runs of like rows, with their group, weight and clusters."""

    group: Codes
    """Group of each row, 0 … groups - 1."""
    groups: int
    """Number of groups."""
    weight: Floats
    """Weight of one row."""
    ways: tuple[Way, ...]
    """Partitions into clusters; none where every row is its own cluster."""
    count: Floats | None = None
    """How many like rows each entry stands for; None for one."""

    @classmethod
    def of(cls, design: Design, group: Codes | None = None, groups: int = 1) -> Frame:
        """All rows of a table, as one group or by slice."""
        group = np.zeros(design.rows, dtype=np.intp) if group is None else group
        weight = np.ones(design.rows) if design.weights is None else design.weights
        return cls(group, groups, weight, design.ways)

    @cached_property
    def mass(self) -> Floats:
        """Total weight of each entry."""
        return self.weight if self.count is None else self.weight * self.count

    def total(self, values: Floats) -> Floats:
        """Weighted sum per group (groups,)."""
        return self.bincount(self.mass * values)

    def bincount(self, values: Floats) -> Floats:
        """Plain sum per group (groups,)."""
        return sums(self.group, values, self.groups)

    def rows_where(self, mask: NDArray[np.bool_]) -> Codes:
        """Number of original rows per group where the mask holds."""
        ones = mask.astype(np.float64) if self.count is None else mask * self.count
        return np.rint(self.bincount(ones)).astype(np.intp)

    def ratio(self, hit: Floats, base: Floats) -> Influence:
        """Weighted sum of `hit` over weighted sum of `base`, both (rows,)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            total = self.total(base)
            value = self.total(hit) / total
            share = base / total[self.group]
            slope = hit / total[self.group] - value[self.group] * share
        return Influence(value, slope, (share,))

    def collapse(self, cells: Codes, size: int) -> tuple[Frame, Codes] | None:
        """Merge rows alike in group, finest cluster and cell (0 … size - 1) into runs.

        Returns the smaller frame and its cells, or None where it would not be smaller, or where weights differ
        between rows that are their own clusters.
        """
        finest = self.ways[-1] if self.ways else None
        unequal = bool(len(self.weight)) and float(np.ptp(self.weight)) > 0.0
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
        if unequal:
            weight = sums(key, self.weight, entries)[present] / count
        else:
            weight = np.full(len(present), self.weight[0] if len(self.weight) else 1.0)
        cluster, rest = np.divmod(present, self.groups * size)
        group, cell = np.divmod(rest, size)
        ways = () if finest is None else tuple(_project(way, finest, cluster) for way in self.ways)
        return Frame(group, self.groups, weight, ways, count), cell

    def pick(self, rows: Codes) -> Frame:
        """Some entries, as one group."""
        ways = tuple(Way(way.columns, way.codes[rows], way.size) for way in self.ways)
        count = None if self.count is None else self.count[rows]
        return Frame(np.zeros(len(rows), dtype=np.intp), 1, self.weight[rows], ways, count)

    def spread(self, slope: Floats, shares: tuple[Floats, ...]) -> Spread:
        """Variance, degrees of freedom and counts of a linearised metric.

        Within a way, V = Σ u_g² / (1 - h_g) with the largest share over the denominators, and G* the least.
        Over ways V_A + V_B - V_AB, never below the largest single one.
        """
        unit = self.weight * slope
        weights = np.square(unit) if self.count is None else np.square(unit) * self.count
        independent = self.bincount(weights)
        inside = np.any([share > 0 for share in shares], axis=0)
        rows = self.rows_where(inside)
        if not self.ways:
            parts = [self.weight * share for share in shares]
            largest = np.maximum.reduce(parts)
            terms = sandwich_terms(unit, largest)
            variance = self.bincount(terms if self.count is None else terms * self.count)
            squares = [np.square(part) if self.count is None else np.square(part) * self.count for part in parts]
            effective = np.min([_inverse(self.bincount(square)) for square in squares], axis=0)
            return Spread(variance, independent, effective, rows, rows)
        variance = np.zeros(self.groups)
        floor = np.zeros(self.groups)
        effective = np.full(self.groups, np.inf)
        clusters = np.full(self.groups, np.iinfo(np.intp).max, dtype=np.intp)
        for way, (pair, owner) in zip(self.ways, self.pairs, strict=True):
            totals = sums(pair, self.mass * slope, len(owner))
            parts = [sums(pair, self.mass * share, len(owner)) for share in shares]
            largest = np.maximum.reduce(parts)
            part = sums(owner, sandwich_terms(totals, largest), self.groups)
            variance += way.sign * part
            if way.columns == 1:
                floor = np.maximum(floor, part)
                for share in parts:
                    squares_of = sums(owner, np.square(share), self.groups)
                    effective = np.minimum(effective, _inverse(squares_of))
                clusters = np.minimum(clusters, sums(owner, largest > 0, self.groups).astype(np.intp))
        return Spread(np.maximum(variance, floor), independent, effective, clusters, rows)

    @cached_property
    def pairs(self) -> tuple[tuple[Codes, Codes], ...]:
        """For each way, the (cluster, group) pair of each row, and the group of each pair."""
        found = []
        for way in self.ways:
            code = way.codes * self.groups + self.group
            entries = way.size * self.groups
            if entries <= 4 * len(code) + 65536:
                found.append((code, np.arange(entries, dtype=np.intp) % self.groups))
            else:
                distinct, pair = np.unique(code, return_inverse=True)
                found.append((pair.astype(np.intp, copy=False), distinct % self.groups))
        return tuple(found)


def _inverse(squares: Floats) -> Floats:
    return np.divide(1.0, squares, out=np.zeros_like(squares), where=squares > 0)


def _project(way: Way, finest: Way, cluster: Codes) -> Way:
    """The way's codes for runs that know only their finest cluster."""
    table = np.zeros(finest.size, dtype=np.intp)
    table[finest.codes] = way.codes
    return Way(way.columns, table[cluster], way.size)
