"""How much one block of counts speaks against a null hypothesis about two error rates: its e-value.

A block is what happened between two looks: `bad` of `total` requests on the canary and on the baseline. An e-value is
non-negative and has expectation at most 1 whenever the null holds, so that products over blocks, averages over
alternatives and averages over metrics stay valid, and by Ville's inequality (1939) P(sup E >= 1/alpha) <= alpha at
every look at once. What must not change here: an alternative is chosen before its block is seen, and the point of the
null is the projection of that alternative; otherwise the expectation can exceed 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from mlops_actions.errors import InputError

FloatArray: TypeAlias = npt.NDArray[np.float64]

LARGEST_RATE: Final = 0.999
"""Alternatives stay below it, so that one good request cannot make a logarithm infinite."""

_ITERATIONS: Final = 100
_TOLERANCE: Final = 1e-12
"""Relative; Newton's last step squares it. An expectation exceeds 1 by less than 1e-9 through it."""


@dataclass(frozen=True, eq=False)
class Null:
    """The rates that a test tries to rule out, on one side of the line `canary = ratio * baseline + margin`.

    Margin and ratio are numbers, or arrays that broadcast with the rates.
    """

    side: Literal["not-worse", "worse"]
    """`not-worse` is canary <= line (rejected: roll back), `worse` is canary >= line (rejected: promote)."""
    margin: float | FloatArray = 0.0
    """What the canary may lose, as a rate: .01 is one point."""
    ratio: float | FloatArray = 1.0
    """What the canary may lose, as a factor."""

    def __post_init__(self) -> None:
        if not np.all((np.asarray(self.margin) >= 0) & (np.asarray(self.margin) < 1)):
            raise InputError(f"a margin is at least 0 and below 1, not {self.margin!r}.", where="error-margin")
        if not np.all((np.asarray(self.ratio) > 0) & np.isfinite(self.ratio)):
            raise InputError(f"a ratio of error rates is above 0, not {self.ratio!r}.", where="error-margin")

    def line(self, baseline: npt.ArrayLike) -> FloatArray:
        """The canary's rate on the line for each baseline rate, before it is cut at 1."""
        return np.asarray(self.ratio * np.asarray(baseline, dtype=float) + self.margin)

    def excludes(self, canary: npt.ArrayLike, baseline: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Where a pair of rates lies strictly outside the null."""
        above = np.asarray(canary, dtype=float) - self.line(baseline)
        return np.asarray(above > 0 if self.side == "not-worse" else above < 0)

    def where(self, chosen: npt.NDArray[np.bool_]) -> Null:
        """The null of each chosen pair of rates, as flat arrays."""
        margin, ratio = (np.broadcast_to(value, chosen.shape)[chosen] for value in (self.margin, self.ratio))
        return Null(self.side, margin, ratio)


def log_e_value(
    null: Null,
    canary: tuple[npt.ArrayLike, npt.ArrayLike],
    baseline: tuple[npt.ArrayLike, npt.ArrayLike],
    alternative: tuple[npt.ArrayLike, npt.ArrayLike],
) -> FloatArray:
    """The natural logarithm of a block's e-value; every argument broadcasts, the result has the common shape.

    `canary` and `baseline` are (bad, total), `alternative` is (canary rate, baseline rate), each strictly inside
    (0, 1) and chosen before the block was seen. Where an arm is empty or the alternative lies inside the null,
    nothing is learnt and the result is 0.

    The e-value is the likelihood ratio of the alternative to its projection on the null, the growth-rate optimal
    choice (Grünwald, de Heide & Koolen, "Safe testing", JRSS B 2024) for two binomial streams (Turner, Ly &
    Grünwald, "Generic E-variables for exact sequential k-sample tests that allow for optional stopping", 2024).

    >>> null = Null("not-worse")
    >>> log_e_value(null, canary=(3, 10), baseline=(1, 90), alternative=(0.1, 0.01)).round(3)
    np.float64(4.55)
    >>> log_e_value(null, canary=(0, 0), baseline=(1, 90), alternative=(0.1, 0.01))
    np.float64(0.0)
    """
    canary_bad, canary_total, baseline_bad, baseline_total, t_c, t_b = (
        np.asarray(value, dtype=float) for value in (*canary, *baseline, *alternative)
    )
    q_c, q_b = project(null, (t_c, t_b), (canary_total, baseline_total))
    log_e = (
        canary_bad * np.log(t_c / q_c)
        + (canary_total - canary_bad) * np.log((1 - t_c) / (1 - q_c))
        + baseline_bad * np.log(t_b / q_b)
        + (baseline_total - baseline_bad) * np.log((1 - t_b) / (1 - q_b))
    )
    return np.asarray(log_e)[()]


def project(
    null: Null, alternative: tuple[npt.ArrayLike, npt.ArrayLike], totals: tuple[npt.ArrayLike, npt.ArrayLike]
) -> tuple[FloatArray, FloatArray]:
    """The null's rates (canary, baseline) that are nearest to the alternative: the reverse information projection.

    They minimise n_c KL(t_c || q_c) + n_b KL(t_b || q_b). The null is convex, so the minimum is on its line between
    the alternative's own baseline rate and the one that the line gives for its canary rate. An alternative inside the
    null, or a look with an empty arm, is its own projection.

    >>> q_c, q_b = project(Null("not-worse"), (0.1, 0.01), (10, 90))
    >>> (q_c.round(6), q_b.round(6))  # without a margin: the pooled rate
    (np.float64(0.019), np.float64(0.019))
    """
    t_c, t_b, n_c, n_b = np.broadcast_arrays(
        *(np.asarray(value, dtype=float) for value in (*alternative, *totals)),
    )
    needed = null.excludes(t_c, t_b) & (n_c > 0) & (n_b > 0)
    if np.all(null.ratio == 1) and np.all(null.margin == 0):
        pooled = (n_c * t_c + n_b * t_b) / np.where(needed, n_c + n_b, 1)
        return np.where(needed, pooled, t_c)[()], np.where(needed, pooled, t_b)[()]
    q_b = np.array(t_b)
    q_b[needed] = _baseline_on_the_line(null.where(needed), t_c[needed], t_b[needed], n_c[needed], n_b[needed])
    return np.where(needed, null.line(q_b), t_c)[()], q_b[()]


def _baseline_on_the_line(null: Null, t_c: FloatArray, t_b: FloatArray, n_c: FloatArray, n_b: FloatArray) -> FloatArray:
    """Bisection on the derivative along the line, which increases; Newton's step is taken wherever it stays inside."""
    largest = np.minimum(1.0, (1 - null.margin) / null.ratio)
    # Strictly inside, where the derivative is finite; the minimum never is at the rim.
    ends = np.clip([t_b, (t_c - null.margin) / null.ratio], np.finfo(float).tiny, largest * (1 - 1e-15))
    low, high = ends.min(axis=0), ends.max(axis=0)
    q: FloatArray = (low + high) / 2
    for _ in range(_ITERATIONS):
        q_c = null.line(q)
        spread_c, spread_b = q_c * (1 - q_c), q * (1 - q)
        slope = null.ratio * n_c * (q_c - t_c) / spread_c + n_b * (q - t_b) / spread_b
        curvature = null.ratio**2 * n_c * (spread_c - (q_c - t_c) * (1 - 2 * q_c)) / spread_c**2
        curvature += n_b * (spread_b - (q - t_b) * (1 - 2 * q)) / spread_b**2
        low, high = np.where(slope < 0, q, low), np.where(slope < 0, high, q)
        newton = q - slope / curvature
        following = np.where((newton >= low) & (newton <= high), newton, (low + high) / 2)
        converged = bool(np.all(np.abs(following - q) <= _TOLERANCE * q))
        q = following
        if converged:
            break
    return q
