"""A linearised metric, and the variance that follows from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, reduce

import numpy as np

from mlops_actions.statistics.clusters import Codes, Floats, inflation, sums
from mlops_actions.statistics.frame import Frame, times

_CELLS = 1_000_000
"""Cells of a block of clusters by groups that is in memory at once."""


@dataclass(frozen=True)
class Influence:
    """A metric per group, linearised: by how much each row's weight moves it (Binder 1983)."""

    value: Floats
    """The metric of each group (groups,); NaN where it is not defined."""
    slope: Floats
    """d value / d weight of each row (rows,)."""
    base: Denominators
    """What it divides by."""
    hit: Floats | None = None
    """Proportions: 1 where the row counts in the numerator."""
    hidden: Floats | None = None
    """Squared error that no row's influence shows, such as a bias that is left (groups,)."""

    @property
    def spread(self) -> Spread:
        """How the value varies, with what is hidden."""
        return self.base.spread(self.slope).plus(self.hidden)


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

    def plus(self, hidden: Floats | None) -> Spread:
        """The same with more variance, that clusters do not change."""
        if hidden is None:
            return self
        return replace(self, variance=self.variance + hidden, independent=self.independent + hidden)


@dataclass(frozen=True)
class Denominators:
    """What a metric divides by. All but the slope enters here, once for every metric with the same denominators."""

    frame: Frame
    """The rows."""
    shares: tuple[Floats, ...]
    """For each denominator, 1 / its total in the row's group for the rows in it, else 0: (rows,) each."""

    @classmethod
    def everything(cls, frame: Frame) -> Denominators:
        """The one of a mean: all rows of the group."""
        with np.errstate(divide="ignore"):
            return cls(frame, (frame.spread(1.0 / frame.masses),))

    def mean(self, values: Floats, *, hits: bool = False) -> Influence:
        """The weighted mean of the values, on the denominator `everything`; `hits` where each is 0 or 1."""
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = self.frame.total(values) / self.frame.masses
            slope = values - self.frame.spread(mean)
            slope *= self.shares[0]
        return Influence(mean, slope, self, values if hits else None)

    def spread(self, slope: Floats) -> Spread:
        """Variance, degrees of freedom and counts of a metric with this slope.

        Within a way, V = Σ u_g² / (1 - h_g) with the largest share over the denominators, and G* the least.
        Over ways V_A + V_B - V_AB, never below the largest single one.
        """
        frame, facts = self.frame, self._facts
        squares = np.square(times(slope, frame.weight))
        if frame.count is not None:
            squares *= frame.count
        independent = frame.bincount(squares)
        if not frame.ways:
            squares *= facts.inflations[0]
            return Spread(frame.bincount(squares), independent, facts.effective, facts.clusters, facts.rows)
        moved = times(slope, frame.mass)
        variance, floor = np.zeros(frame.groups), np.zeros(frame.groups)
        for way, (pair, owner), inflated in zip(frame.ways, frame.pairs, facts.inflations, strict=True):
            terms = np.square(sums(pair, moved, len(owner)))
            terms *= inflated
            part = sums(owner, terms, frame.groups)
            variance += way.sign * part
            if way.columns == 1:
                floor = np.maximum(floor, part)
        return Spread(np.maximum(variance, floor), independent, facts.effective, facts.clusters, facts.rows)

    def between(self, slope: Floats) -> Floats:
        """Variance of the difference of every two groups' values (groups, groups).

        A cluster moves both: V = Σ (u_g/√(1 - h_g) - u_h/√(1 - h_h))², which is the group's own variance where the
        other has none of its rows (Bell & McCaffrey 2002 for a regression on the groups). Over ways as in `spread`.
        """
        frame = self.frame
        if not frame.ways:
            alone = self.spread(slope).variance
            return np.asarray(alone[:, None] + alone)
        moved = times(slope, frame.mass)
        variance, floor = np.zeros((2, frame.groups, frame.groups))
        for way, (pair, owner), inflated in zip(frame.ways, frame.pairs, self._facts.inflations, strict=True):
            cluster = np.zeros(len(owner), dtype=np.intp)
            cluster[pair] = way.codes
            products = _cross_products(cluster, owner, sums(pair, moved, len(owner)) * np.sqrt(inflated), frame.groups)
            alone = np.diagonal(products)
            part = alone[:, None] + alone - 2.0 * products
            variance += way.sign * part
            if way.columns == 1:
                floor = np.maximum(floor, part)
        return np.maximum(variance, floor)

    @cached_property
    def _facts(self) -> _Facts:
        frame = self.frame
        rows = frame.rows_where(reduce(np.logical_or, (share > 0 for share in self.shares)))
        if not frame.ways:
            parts = [times(share, frame.weight) for share in self.shares]
            squares = [frame.bincount(times(np.square(part), frame.count)) for part in parts]
            return _Facts(
                (inflation(reduce(np.maximum, parts)),), reduce(np.minimum, map(_inverse, squares)), rows, rows
            )
        inflations = []
        effective = np.full(frame.groups, np.inf)
        clusters = np.full(frame.groups, np.iinfo(np.intp).max, dtype=np.intp)
        for way, (pair, owner) in zip(frame.ways, frame.pairs, strict=True):
            parts = [sums(pair, times(share, frame.mass), len(owner)) for share in self.shares]
            largest = reduce(np.maximum, parts)
            inflations.append(inflation(largest))
            if way.columns == 1:
                for part in parts:
                    effective = np.minimum(effective, _inverse(sums(owner, np.square(part), frame.groups)))
                clusters = np.minimum(clusters, sums(owner, largest > 0, frame.groups).astype(np.intp))
        return _Facts(tuple(inflations), effective, clusters, rows)


@dataclass(frozen=True)
class _Facts:
    inflations: tuple[Floats, ...]
    """For each way, 1 / (1 - h) of each of its clusters."""
    effective: Floats
    clusters: Codes
    rows: Codes


def _cross_products(cluster: Codes, group: Codes, values: Floats, groups: int) -> Floats:
    """Σ over clusters of value_g · value_h (groups, groups); a cluster's values in one group are summed first."""
    order = np.argsort(cluster, kind="stable")
    cluster, group, values = cluster[order], group[order], values[order]
    total = np.zeros((groups, groups))
    step = max(_CELLS // groups, 1)
    for first in range(0, int(cluster.max(initial=-1)) + 1, step):
        begin, end = np.searchsorted(cluster, (first, first + step))
        cells = (cluster[begin:end] - first) * groups + group[begin:end]
        block = sums(cells, values[begin:end], step * groups).reshape(step, groups)
        total += block.T @ block
    return total


def _inverse(squares: Floats) -> Floats:
    return np.divide(1.0, squares, out=np.zeros_like(squares), where=squares > 0)
