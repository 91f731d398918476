"""The difference of two arms' proportions with an interval that is valid at every look.

It holds each difference that neither of the two tests rejects at 2/alpha: not the one that asks whether the canary is
above the baseline by more, and not the one that asks whether it is above by less (the e-values of `e_values.py`, on
either side of a difference that may be negative).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from mlops_actions.statistics.sequential.alternatives import SHRINKAGE, baseline_rate
from mlops_actions.statistics.sequential.counts import NOTHING, Block, Counts
from mlops_actions.statistics.sequential.e_values import FloatArray, Null, log_e_value
from mlops_actions.statistics.sequential.interval import Interval, farthest

Arm = tuple[FloatArray, FloatArray]
"""(bad, total) of each block, blocks along the last axis."""
_RIM: float = 1e-6
"""How near to -1 and 1 a difference is looked for."""


def difference_of_proportions(
    blocks: Sequence[Block], alpha: float, *, history: Counts = NOTHING, dispersion: float = 1.0
) -> Interval | None:
    """Canary minus baseline, and where the truth lies at every look at once with probability 1 - alpha.

    `history` is the baseline's from before the canary: it teaches where to look and is no part of the estimate. The
    logarithm of each e-value is divided by `dispersion`. None while one of the arms has nothing.

    >>> blocks = [Block(Counts(30, 300), Counts(15, 300))] * 10
    >>> found = difference_of_proportions(blocks, alpha=0.05)
    >>> round(found.value, 3), round(found.lower, 2), round(found.upper, 2)
    (0.05, 0.03, 0.07)
    """
    canary, baseline = _arm([one.canary for one in blocks]), _arm([one.baseline for one in blocks])
    (bad_c, all_c), (bad_b, all_b) = ((float(bad.sum()), float(total.sum())) for bad, total in (canary, baseline))
    if not all_c or not all_b:
        return None
    value = bad_c / all_c - bad_b / all_b
    threshold = math.log(2 / alpha) * dispersion

    def keeps(side: Literal["not-worse", "worse"], difference: float) -> bool:
        return float(log_evidence(side, difference, canary, baseline, history)[-1]) < threshold

    return Interval(
        value,
        lower=farthest(lambda difference: keeps("not-worse", difference), value, -1 + _RIM),
        upper=farthest(lambda difference: keeps("worse", difference), value, 1 - _RIM),
    )


def excluded_difference(
    blocks: Sequence[Block], difference: float, alpha: float, history: Counts = NOTHING, dispersion: float = 1.0
) -> Literal["above", "below"] | None:
    """Whether the truth was shown to lie above or below a difference; None where neither was. Cheaper than an interval.

    >>> excluded_difference([Block(Counts(30, 300), Counts(15, 300))] * 10, 0.0, alpha=0.05)
    'above'
    """
    if not blocks:
        return None
    canary, baseline = _arm([one.canary for one in blocks]), _arm([one.baseline for one in blocks])
    threshold = math.log(2 / alpha) * dispersion
    if log_evidence("not-worse", difference, canary, baseline, history)[-1] >= threshold:
        return "above"
    return "below" if log_evidence("worse", difference, canary, baseline, history)[-1] >= threshold else None


def log_evidence(
    side: Literal["not-worse", "worse"], difference: float, canary: Arm, baseline: Arm, history: Counts = NOTHING
) -> FloatArray:
    """The log of the evidence against a difference, after each block: shape of the arms.

    `not-worse` speaks against canary - baseline <= difference, `worse` against >=.
    """
    if difference < 0:
        # The canary is below the baseline: the baseline above the canary.
        return _log_products("worse" if side == "not-worse" else "not-worse", -difference, baseline, canary, history, 0)
    return _log_products(side, difference, canary, baseline, history, 1)


def _log_products(
    side: Literal["not-worse", "worse"], margin: float, upper: Arm, lower: Arm, history: Counts, known: int
) -> FloatArray:
    """Of the arm that lies above by the margin, and the other; `known` says which of them, 0 or 1, has the history."""
    null = Null(side, margin)
    past_upper, past_lower = (
        tuple(
            np.cumsum(values, axis=-1) - values + (start if place == known else 0)
            for values, start in zip(arm, (history.bad, history.total), strict=True)
        )
        for place, arm in enumerate((upper, lower))
    )
    # Both bets start on the edge of the null, where nothing is won or lost.
    rate = np.clip(baseline_rate(*past_lower), None, 1 - margin - _RIM / 2)
    edge = null.line(rate)
    bet = (past_upper[0] + SHRINKAGE * edge) / (past_upper[1] + SHRINKAGE)
    return np.cumsum(log_e_value(null, upper, lower, (bet, rate)), axis=-1)


def _arm(counts: Sequence[Counts]) -> Arm:
    return np.array([one.bad for one in counts], dtype=float), np.array([one.total for one in counts], dtype=float)
