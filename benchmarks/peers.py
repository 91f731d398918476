"""Rules that people use to judge a canary, vectorised over repetitions.

- naive z: a two-proportion z test on the totals, looked at again and again;
- mSPRT: the mixture sequential ratio test on the difference of the totals (Johari et al. 2017), tau = 1 point;
- Kayenta: its judge as it is configured by default: a Mann-Whitney test on the two series of error rates, at the end;
  "high" where the 98 % interval of the shift lies above a quarter of the estimated shift.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_POINTS = 60
"""Of each of Kayenta's series: an hour of minutes."""
_AT_ONCE = 500


def z_scores(past: Floats, margin: float) -> tuple[Floats, Floats]:
    """Of "worse by more than the margin" and of "within the margin"; rows are bad and total of canary and baseline."""
    difference, variance = _difference(past)
    return (difference - margin) / np.sqrt(variance), (margin - difference) / np.sqrt(variance)


def msprt(past: Floats, margin: float, tau: float = 0.01) -> Floats:
    """The likelihood ratio of "worse by more than the margin"."""
    difference, variance = _difference(past)
    above = np.maximum(difference - margin, 0)
    spread = variance + tau**2
    return np.asarray(np.sqrt(variance / spread) * np.exp(np.minimum(tau**2 * above**2 / (2 * variance * spread), 600)))


def kayenta_high(canary: Floats, baseline: Floats, tolerance: float = 0.25, z: float = 2.3263) -> npt.NDArray[np.bool_]:
    """Which canaries are classified as high; shapes (looks, 2, repetitions) of bad and total."""
    rates = [_series(counts) for counts in (canary, baseline)]
    repetitions = canary.shape[2]
    found = [
        _is_high(*(one[:, start : start + _AT_ONCE] for one in rates), tolerance, z)
        for start in range(0, repetitions, _AT_ONCE)
    ]
    return np.concatenate(found)


def _series(counts: Floats) -> Floats:
    """Error rates at evenly spaced times."""
    parts = np.array_split(counts, min(_POINTS, len(counts)))
    sums = np.array([part.sum(axis=0) for part in parts])
    return np.asarray(sums[:, 0] / np.maximum(sums[:, 1], 1))


def _is_high(canary: Floats, baseline: Floats, tolerance: float, z: float) -> npt.NDArray[np.bool_]:
    """By the Hodges-Lehmann estimate of the shift and the lower end of its interval, both quantiles of differences."""
    m = len(canary)
    differences = np.sort((canary[:, None] - baseline[None, :]).reshape(m * m, -1), axis=0)
    lowest = max(0, math.floor(m * m / 2 - z * math.sqrt(m * m * (2 * m + 1) / 12)))
    estimate = np.median(differences, axis=0)
    return np.asarray(differences[lowest] > tolerance * np.abs(estimate))


def _difference(past: Floats) -> tuple[Floats, Floats]:
    k_c, n_c, k_b, n_b = past
    pooled = (k_c + k_b + 0.5) / (n_c + n_b + 1)
    return k_c / n_c - k_b / n_b, pooled * (1 - pooled) * (1 / n_c + 1 / n_b)
