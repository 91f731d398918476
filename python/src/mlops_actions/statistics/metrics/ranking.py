"""Rows of two classes in the order of their scores: what every metric of a ranking is made from."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mlops_actions.statistics.clusters import Codes, Floats, sums
from mlops_actions.statistics.frame import Frame
from mlops_actions.statistics.influence import Denominators


class Classes:
    """Rows of two classes, in groups."""

    def __init__(self, frame: Frame, positive: NDArray[np.bool_]) -> None:
        """Take the rows and which of them are positive."""
        self.frame, self.positive = frame, positive
        self._code = 2 * frame.group + positive
        self.negatives, self.positives = sums(self._code, frame.mass, 2 * frame.groups).reshape(-1, 2).T

    @cached_property
    def base(self) -> Denominators:
        """Both classes: each is a denominator, so that the rarer one sets the degrees of freedom."""
        shares = np.zeros((2, self.frame.groups, 2))
        with np.errstate(divide="ignore"):
            shares[0, :, 1], shares[1, :, 0] = 1.0 / self.positives, 1.0 / self.negatives
        return Denominators(self.frame, tuple(share.ravel()[self._code] for share in shares))


class Ranked:
    """Rows sorted by group and score, as runs of equal scores: rows of one run and class are alike to a ranking.

    Arrays are (runs,), so that sums run through memory once.
    """

    def __init__(self, classes: Classes, scores: Floats, order: Codes) -> None:
        """Take the rows' classes, their scores, and the order that sorts these ascending."""
        frame = self._frame = classes.frame
        self.classes = classes
        if frame.groups > 1:
            # Short integers are sorted by radix, in linear time.
            group = frame.group.astype(np.min_scalar_type(frame.groups))
            order = order[np.argsort(group[order], kind="stable")]
            group = group[order]
        ordered = scores[order]
        fresh = np.ones(len(order), dtype=bool)
        np.not_equal(ordered[1:], ordered[:-1], out=fresh[1:])
        if frame.groups > 1:
            fresh[1:] |= group[1:] != group[:-1]
        starts = np.flatnonzero(fresh)
        self._runs = len(starts)
        if frame.groups > 1:
            self._owner = group[starts].astype(np.intp)
            # The run with which each group begins.
            self._first = np.searchsorted(self._owner, np.arange(frame.groups))
        # Negatives of run i are cell i, positives cell runs + i.
        cell = np.cumsum(fresh) - 1
        cell += self._runs * classes.positive[order]
        mass = None if frame.mass is None else frame.mass[order]
        self.negative, self.positive = sums(cell, mass, 2 * self._runs).reshape(2, -1)
        self._cell = np.empty_like(cell)
        self._cell[order] = cell

    @cached_property
    def below_negative(self) -> Floats:
        """The weight of negatives that score lower."""
        return self.below(self.negative)

    @cached_property
    def below_positive(self) -> Floats:
        """The weight of positives that score lower."""
        return self.below(self.positive)

    @cached_property
    def from_here_positive(self) -> Floats:
        """The weight of positives that score as high or higher."""
        return np.asarray(np.maximum(self.spread(self.classes.positives) - self.below_positive, 0.0))

    @cached_property
    def from_here_negative(self) -> Floats:
        """The weight of negatives that score as high or higher."""
        return np.asarray(np.maximum(self.spread(self.classes.negatives) - self.below_negative, 0.0))

    def first_where(self, holds: NDArray[np.bool_]) -> Codes:
        """The first run of each group where it holds, or the number of all runs (groups,)."""
        found = np.full(self._frame.groups, self._runs)
        runs = np.flatnonzero(holds)[::-1]
        # Of several values for one place the last assigned stays: here the lowest run.
        found[self._owners[runs]] = runs
        return found

    def last_where(self, holds: NDArray[np.bool_]) -> Codes:
        """The last run of each group where it holds, or the number of all runs (groups,)."""
        found = np.full(self._frame.groups, self._runs)
        runs = np.flatnonzero(holds)
        found[self._owners[runs]] = runs
        return found

    def at(self, runs: Codes, mass: Floats) -> Floats:
        """The mass at one run of each group; 0 past the last (groups,)."""
        return np.append(mass, 0.0)[runs]

    def from_run(self, first: Codes) -> Codes:
        """1 for the rows of each group from this run on, else 0, in the order of the frame."""
        return (self._cell % max(self._runs, 1) >= first[self._frame.group]).astype(np.intp)

    @property
    def _owners(self) -> Codes:
        return np.zeros(self._runs, dtype=np.intp) if self._frame.groups == 1 else self._owner

    def below(self, mass: Floats) -> Floats:
        """The mass of lower runs in the same group."""
        below = np.zeros(len(mass) + 1)
        np.cumsum(mass, out=below[1:])
        found = below[:-1]
        if self._frame.groups > 1:
            found -= self.spread(below[self._first])
        return found

    def total(self, mass: Floats) -> Floats:
        """Sum per group."""
        if self._frame.groups == 1:
            return np.array([mass.sum()])
        return sums(self._owner, mass, self._frame.groups)

    def spread(self, per_group: Floats) -> Floats:
        """Each run's value of its group; a single group broadcasts."""
        return per_group if self._frame.groups == 1 else per_group[self._owner]

    def slope(self, of_negatives: Floats, of_positives: Floats) -> Floats:
        """Each row's value of its run and class, in the order of the frame."""
        return np.asarray(np.concatenate((of_negatives, of_positives))[self._cell])
