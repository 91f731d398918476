"""How long a sequential test takes: the first time that a drifting walk reaches a height.

The logarithm of an e-process is close to a Brownian motion with a drift, whose first passage over a height has the
inverse Gaussian distribution (Wald 1947; Folks & Chhikara, "The inverse Gaussian distribution and its statistical
application", JRSS B 1978).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mlops_actions.statistics.sequential.e_values import Null, project


@dataclass(frozen=True)
class Growth:
    """What one request adds, on average, to the logarithm of an e-value, and the variance of what it adds."""

    mean: float
    variance: float

    def passage(self, height: float) -> Passage:
        """The number of requests until `height` is reached; never where the evidence does not grow."""
        if self.mean <= 0:
            return Passage(math.inf, math.inf)
        return Passage(height / self.mean, height * self.variance / self.mean**3)


@dataclass(frozen=True)
class Passage:
    """A time, in requests or seconds, with an inverse Gaussian distribution."""

    mean: float
    variance: float

    def scaled(self, factor: float) -> Passage:
        return Passage(self.mean * factor, self.variance * factor**2)

    def probability_by(self, time: float) -> float:
        """The probability of having got there by `time`.

        >>> round(Passage(mean=100, variance=2500).probability_by(100), 3)
        0.594
        """
        if math.isinf(self.mean) or time <= 0:
            return 0.0
        if self.variance == 0:
            return float(time >= self.mean)
        shape = self.mean**3 / self.variance
        root = math.sqrt(shape / time)
        near, far = root * (time / self.mean - 1), root * (time / self.mean + 1)
        # exp(2 shape / mean) * _normal(-far); where that would overflow, the tail by its leading term (Mills).
        if 2 * shape / self.mean < 700:
            reflected = math.exp(2 * shape / self.mean) * _normal(-far)
        else:
            reflected = math.exp(-(near**2) / 2) / (far * math.sqrt(2 * math.pi))
        return min(1.0, _normal(near) + reflected)

    def by_probability(self, probability: float) -> float:
        """The time at which this probability is reached, by bisection; infinite where it never is.

        >>> round(Passage(mean=100, variance=2500).by_probability(0.9))
        165
        """
        if math.isinf(self.mean):
            return math.inf
        low, high = 0.0, self.mean
        while self.probability_by(high) < probability:
            high *= 2
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if self.probability_by(middle) < probability else (low, middle)
        return high


def growth(null: Null, alternative: tuple[float, float], truth: tuple[float, float], share: float) -> Growth:
    """The growth of one alternative's log e-value per request when a `share` of them goes to the canary.

    `alternative` and `truth` are (canary rate, baseline rate). With the truth as the alternative the mean is the
    rate that no other e-value exceeds: its Kullback-Leibler distance to the null (Grünwald, de Heide & Koolen 2024).

    >>> growth(Null("not-worse"), (0.05, 0.01), (0.05, 0.01), share=0.1).mean.__round__(5)
    0.00341
    """
    if not null.excludes(*alternative) or not 0 < share < 1:
        return Growth(0.0, 0.0)
    shares = np.array([share, 1 - share])
    t, p = np.array(alternative), np.array(truth)
    q_c, q_b = project(null, alternative, (share, 1 - share))
    q = np.array([float(q_c), float(q_b)])
    bad, good = np.log(t / q), np.log((1 - t) / (1 - q))
    each = p * bad + (1 - p) * good
    mean = float(np.sum(shares * each))
    variance = float(np.sum(shares * p * (1 - p) * (bad - good) ** 2))
    return Growth(mean, variance)


def _normal(z: float) -> float:
    return math.erfc(-z / math.sqrt(2)) / 2
