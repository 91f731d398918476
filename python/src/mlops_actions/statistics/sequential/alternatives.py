"""Which rates each test bets on in the next block: chosen from the past only, so that the e-values stay valid.

Adding or removing an alternative changes power, never validity; a stored rollout holds one number for each, so their
count is part of the format of its state.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from mlops_actions.statistics.sequential.e_values import LARGEST_RATE, FloatArray, Null

MULTIPLES: Final = (1.5, 2.0, 3.0, 5.0, 10.0, 30.0)
"""Of the highest rate that the null allows the canary."""
ABSOLUTE: Final = (0.01, 0.01, 0.05, 0.05, 0.2, 1.0)
"""Above what the null allows, in place of the multiples while the baseline has shown no error."""
SHRINKAGE: Final = 20.0
"""Requests at the baseline's rate that the canary's own past mean is mixed with."""
FRACTIONS: Final = (0.5, 1.0)
"""Of the baseline's rate: a better canary, and an equal one."""

WORSE_ALTERNATIVES: Final = len(MULTIPLES) + 1
NON_INFERIOR_ALTERNATIVES: Final = len(FRACTIONS) + 1


def baseline_rate(bad: npt.ArrayLike, total: npt.ArrayLike) -> FloatArray:
    """The baseline's past rate (k + 1/2) / (n + 1), never 0 or 1 (Krichevsky & Trofimov 1981).

    >>> float(baseline_rate(0, 99))
    0.005
    """
    return np.asarray((np.asarray(bad, dtype=float) + 0.5) / (np.asarray(total, dtype=float) + 1.0))


def worse_alternatives(
    null: Null, canary: tuple[npt.ArrayLike, npt.ArrayLike], baseline: tuple[npt.ArrayLike, npt.ArrayLike]
) -> FloatArray:
    """The canary's rates that `worse` bets on, from past (bad, total) of both arms: shape (..., 7).

    Multiples of what the null allows at the baseline's past rate, then the canary's own past mean shrunk to it.

    >>> worse_alternatives(Null("not-worse"), (0, 0), (99.5, 9999)).round(3)
    array([0.015, 0.02 , 0.03 , 0.05 , 0.1  , 0.3  , 0.01 ])
    >>> worse_alternatives(Null("not-worse", margin=0.01), (0, 0), (0, 9999)).round(3)
    array([0.02 , 0.02 , 0.06 , 0.06 , 0.21 , 0.999, 0.01 ])
    """
    rate = baseline_rate(*baseline)[..., None]
    allowed = null.line(rate)
    no_error_yet = np.asarray(baseline[0], dtype=float)[..., None] == 0
    fixed = np.where(no_error_yet, allowed + np.array(ABSOLUTE), allowed * np.array(MULTIPLES))
    return np.asarray(np.minimum(np.concatenate([fixed, _plug_in(canary, allowed)], axis=-1), LARGEST_RATE))


def non_inferior_alternatives(
    canary: tuple[npt.ArrayLike, npt.ArrayLike], baseline: tuple[npt.ArrayLike, npt.ArrayLike]
) -> FloatArray:
    """The canary's rates that `non-inferior` bets on, from past (bad, total) of both arms: shape (..., 3).

    Half of the baseline's past rate, that rate, and the canary's own past mean shrunk to it.

    >>> non_inferior_alternatives((0, 0), (99.5, 9999)).round(3)
    array([0.005, 0.01 , 0.01 ])
    """
    rate = baseline_rate(*baseline)[..., None]
    return np.concatenate([rate * np.array(FRACTIONS), _plug_in(canary, rate)], axis=-1)


def _plug_in(canary: tuple[npt.ArrayLike, npt.ArrayLike], towards: FloatArray) -> FloatArray:
    bad, total = (np.asarray(value, dtype=float)[..., None] for value in canary)
    return np.asarray((bad + SHRINKAGE * towards) / (total + SHRINKAGE))
