"""The two e-processes of one metric: `worse`, which asks for a roll-back, and `non-inferior`, which lets a step pass.

Arrays in, arrays out: all arrays share a leading shape, () for a rollout and (repetitions,) for a simulation, so that
the benchmarks run the very code that judges a rollout.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mlops_actions.statistics.sequential.alternatives import (
    NON_INFERIOR_ALTERNATIVES,
    WORSE_ALTERNATIVES,
    baseline_rate,
    non_inferior_alternatives,
    worse_alternatives,
)
from mlops_actions.statistics.sequential.e_values import FloatArray, Null, log_e_value


@dataclass(frozen=True)
class Hypotheses:
    """What one metric's two tests try to rule out, and how much its errors come in bunches."""

    margin: float | FloatArray
    """One margin for both tests, as a rate: a number, or of the leading shape."""
    ratio: float | FloatArray = 1.0
    """A factor that the canary's rate may reach before it counts as worse; promotion does not use it."""
    dispersion: float | FloatArray = 1.0
    """phi, of the leading shape: the logarithm of every e-value is divided by it; fixed before the canary starts."""

    @property
    def not_worse(self) -> Null:
        return Null("not-worse", *map(_beside_alternatives, (self.margin, self.ratio)))

    @property
    def inferior(self) -> Null:
        return Null("worse", _beside_alternatives(self.margin))


@dataclass(frozen=True, eq=False)
class Processes:
    """All that one metric has shown so far."""

    canary_bad: FloatArray
    canary_total: FloatArray
    baseline_bad: FloatArray
    """Before the canary and since."""
    baseline_total: FloatArray
    log_started: FloatArray
    """Shape (..., 7): log S of `worse`, for each alternative."""
    started: float
    """The share of `worse` that has started, the sum of w."""
    log_products: FloatArray
    """Shape (..., 3): log of the product of `non-inferior` since the step began, for each alternative."""

    @classmethod
    def begin(cls, history_bad: npt.ArrayLike, history_total: npt.ArrayLike) -> Processes:
        """Before the first look, with the baseline's counts from before the canary (0 and 0 if there are none)."""
        bad, total = np.broadcast_arrays(np.asarray(history_bad, dtype=float), np.asarray(history_total, dtype=float))
        shape = bad.shape
        return cls(
            canary_bad=np.zeros(shape),
            canary_total=np.zeros(shape),
            baseline_bad=bad,
            baseline_total=total,
            log_started=np.full((*shape, WORSE_ALTERNATIVES), -np.inf),
            started=0.0,
            log_products=np.zeros((*shape, NON_INFERIOR_ALTERNATIVES)),
        )

    def next_step(self) -> Processes:
        """A new step of the rollout has to show non-inferiority by itself; `worse` keeps its evidence."""
        return replace(self, log_products=np.zeros_like(self.log_products))

    def observe(
        self,
        hypotheses: Hypotheses,
        canary: tuple[npt.ArrayLike, npt.ArrayLike],
        baseline: tuple[npt.ArrayLike, npt.ArrayLike],
        start_weight: float,
    ) -> Processes:
        """The state after a block of (bad, total) on each arm; `start_weight` is the share of `worse` starting now.

        For each alternative S <- (S + w) e, a mixture over the time at which the canary begins to be worse, so that
        a late leak does not have to win back what healthy requests have cost.
        """
        past_canary = (self.canary_bad, self.canary_total)
        past_baseline = (self.baseline_bad, self.baseline_total)
        rate = baseline_rate(*past_baseline)[..., None]
        dispersion = np.asarray(hypotheses.dispersion)[..., None]
        new_canary, new_baseline = _per_alternative(canary), _per_alternative(baseline)

        not_worse = hypotheses.not_worse
        bets = worse_alternatives(not_worse, past_canary, past_baseline)
        log_e = log_e_value(not_worse, new_canary, new_baseline, (bets, rate)) / dispersion
        with np.errstate(divide="ignore"):
            log_weight = np.log(start_weight)
        log_started = np.logaddexp(self.log_started, log_weight) + log_e

        bets = non_inferior_alternatives(past_canary, past_baseline)
        log_e = log_e_value(hypotheses.inferior, new_canary, new_baseline, (bets, rate)) / dispersion
        return Processes(
            canary_bad=self.canary_bad + np.asarray(canary[0]),
            canary_total=self.canary_total + np.asarray(canary[1]),
            baseline_bad=self.baseline_bad + np.asarray(baseline[0]),
            baseline_total=self.baseline_total + np.asarray(baseline[1]),
            log_started=log_started,
            started=self.started + start_weight,
            log_products=self.log_products + log_e,
        )

    @property
    def log_worse(self) -> FloatArray:
        """log E of `worse`: the mean over alternatives of S + 1 - sum(w)."""
        with np.errstate(divide="ignore"):
            waiting = np.log(max(0.0, 1 - self.started))
        return np.logaddexp(_log_mean(self.log_started), waiting)

    @property
    def log_non_inferior(self) -> FloatArray:
        """log E of `non-inferior` in this step: the mean over alternatives."""
        return _log_mean(self.log_products)


def start_weight(look: int, planned: int) -> float:
    """w of a look counted from 1: half for the first, the other planned looks share the rest, later ones have none.

    >>> [start_weight(look, planned=3) for look in (1, 2, 3, 4)]
    [0.5, 0.25, 0.25, 0.0]
    """
    if look == 1:
        return 0.5
    return 0.5 / (planned - 1) if look <= planned else 0.0


def _beside_alternatives(value: float | FloatArray) -> float | FloatArray:
    """An array with a last axis for the alternatives."""
    return value[..., None] if isinstance(value, np.ndarray) else value


def _per_alternative(counts: tuple[npt.ArrayLike, npt.ArrayLike]) -> tuple[FloatArray, FloatArray]:
    bad, total = counts
    return np.asarray(bad, dtype=float)[..., None], np.asarray(total, dtype=float)[..., None]


def _log_mean(logs: FloatArray) -> FloatArray:
    top = logs.max(axis=-1)
    finite = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(finite + np.log(np.mean(np.exp(logs - finite[..., None]), axis=-1)))
