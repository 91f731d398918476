"""Labels that never come: whether as many are missing on both sides, so that the others tell of alike requests."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from mlops_actions.statistics.sequential.e_values import FloatArray

DIFFERENT: Final = 2.0
"""Standard errors between two shares beyond which a cohort is not used. Throwing away costs data and no promise."""


def standard_errors_apart(
    canary: tuple[npt.ArrayLike, npt.ArrayLike], baseline: tuple[npt.ArrayLike, npt.ArrayLike]
) -> FloatArray:
    """How far the shares of (labelled, requests) lie apart, in pooled standard errors; shapes broadcast.

    0 where a side had no request, or where all labels or none are there on both.

    >>> standard_errors_apart((60, 100), (810, 900)).round(1)
    np.float64(8.4)
    """
    labelled_c, n_c, labelled_b, n_b = (np.asarray(value, dtype=float) for value in (*canary, *baseline))
    both = np.maximum(n_c + n_b, 1)
    pooled = (labelled_c + labelled_b) / both
    inverse = 1 / np.maximum(n_c, 1) + 1 / np.maximum(n_b, 1)
    spread = np.sqrt(pooled * (1 - pooled) * inverse)
    apart = np.abs(labelled_c / np.maximum(n_c, 1) - labelled_b / np.maximum(n_b, 1))
    usable = (n_c > 0) & (n_b > 0) & (spread > 0)
    return np.asarray(np.where(usable, apart / np.where(usable, spread, 1), 0.0))[()]
