"""Which rows belong together, and the variance that follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True)
class Way:
    """One partition of the rows in the multiway sum: the intersection of some cluster columns."""

    columns: int
    """How many cluster columns it intersects."""
    codes: Codes
    """Cluster of each row, 0 … size - 1."""
    size: int
    """Number of clusters."""

    @property
    def sign(self) -> int:
        """Its sign in the inclusion-exclusion sum."""
        return 1 if self.columns % 2 else -1


@dataclass(frozen=True)
class Design:
    """How the rows of a table were sampled: their weights, and which of them are not independent."""

    rows: int
    """Number of rows, or of runs of like rows."""
    weights: Floats | None = None
    """Positive weights of one row, or None where all are alike."""
    columns: tuple[Codes, ...] = ()
    """Cluster codes, one array a cluster column; none where every row is a cluster of one."""
    counts: Floats | None = None
    """How many like rows each run stands for; None where each stands for itself."""

    def __post_init__(self) -> None:
        for array in (*self.columns, *(one for one in (self.weights, self.counts) if one is not None)):
            if array.shape != (self.rows,):
                raise ValueError(f"expected {self.rows} rows, found an array of shape {array.shape}")
        if self.weights is not None and not (np.isfinite(self.weights).all() and (self.weights >= 0).all()):
            raise ValueError("weights must be finite and not negative")

    def take(self, rows: Codes) -> Design:
        """The design of these rows alone."""
        weights = None if self.weights is None else self.weights[rows]
        counts = None if self.counts is None else self.counts[rows]
        return Design(len(rows), weights, tuple(column[rows] for column in self.columns), counts)

    @cached_property
    def ways(self) -> tuple[Way, ...]:
        """Every intersection of cluster columns with its sign in the inclusion-exclusion sum."""
        found = []
        for size in range(1, len(self.columns) + 1):
            for chosen in combinations(self.columns, size):
                codes, count = joint(chosen)
                found.append(Way(size, codes, count))
        return tuple(found)


def design(rows: int, *, clusters: Sequence[NDArray[Any]] = (), weights: NDArray[Any] | None = None) -> Design:
    """Build a `Design` from raw columns of any type.

    Several cluster columns are several ways in which rows hang together, never one tuple
    (Cameron, Gelbach & Miller 2011). Raises ValueError on lengths that differ or weights below zero.

    >>> design(4, clusters=[np.array(["mon", "mon", "tue", "wed"])]).ways[0].size
    3
    """
    return Design(
        rows,
        None if weights is None else np.asarray(weights, dtype=np.float64),
        tuple(encode(column)[0] for column in clusters),
    )


def encode(column: NDArray[Any]) -> tuple[Codes, NDArray[Any]]:
    """Codes 0 … k-1 of a column's values, and the values in sorted order.

    >>> encode(np.array(["b", "a", "b"]))[0].tolist()
    [1, 0, 1]
    """
    values, codes = np.unique(column, return_inverse=True)
    return codes.astype(np.intp, copy=False), values


def joint(columns: Sequence[Codes]) -> tuple[Codes, int]:
    """Codes of the combinations of several code columns that occur, and how many there are.

    >>> joint([np.array([0, 0, 1]), np.array([0, 1, 1])])
    (array([0, 1, 2]), 3)
    """
    codes = np.asarray(columns[0], dtype=np.intp)
    for column in columns[1:]:
        codes = codes * (int(column.max(initial=0)) + 1) + column
        codes = encode(codes)[0]
    return codes, int(codes.max(initial=-1)) + 1


def sums(codes: Codes, values: NDArray[Any] | None, size: int) -> Floats:
    """Sum of the values, or number of rows, of each code 0 … size - 1 (size,).

    >>> sums(np.array([0, 1, 1]), np.array([1.0, 2.0, 3.0]), 2)
    array([1., 5.])
    """
    return np.bincount(codes, values, minlength=size).astype(np.float64, copy=False)


def effective_clusters(shares: Floats) -> float:
    """G* = 1 / sum of squared weight shares: the number of equal clusters that vary as much (Carter et al. 2017).

    >>> effective_clusters(np.full(8, 1 / 8))
    8.0
    """
    return float(1.0 / np.square(shares).sum()) if len(shares) else 0.0


def sandwich(totals: Floats, shares: Floats) -> float:
    """V = sum of u_g² / (1 - h_g), for a cluster's summed influence u and weight share h (Bell & McCaffrey 2002).

    >>> round(sandwich(np.array([0.1, -0.1]), np.array([0.5, 0.5])), 3)
    0.04
    """
    return float((np.square(totals) * inflation(shares)).sum())


def inflation(shares: Floats) -> Floats:
    """1 / (1 - h_g), by which a cluster's square is inflated; 0 for one that is everything: too few clusters anyway."""
    room = 1.0 - shares
    return np.divide(1.0, room, out=np.zeros_like(room), where=room > 1e-12)
