"""Normal and Student t distributions, so that nothing heavier than the standard library is imported."""

from __future__ import annotations

from functools import lru_cache
from math import erfc, exp, inf, isnan, lgamma, log, log1p, pi, sqrt
from statistics import NormalDist

_NORMAL = NormalDist()
# From here on the asymptotic normalising series of Hill (1970) is exact to the last digits, and far quicker.
_LARGE_DF = 200.0
# Enough for any shape below a hundred million: about six of its roots.
_TERMS = 100_000


def normal_cdf(z: float) -> float:
    """Probability that a standard normal variable is at most `z`.

    >>> round(normal_cdf(1.6448536), 6)
    0.95
    """
    return 0.5 * erfc(-z / sqrt(2.0))


def normal_quantile(probability: float) -> float:
    """The value that a standard normal variable stays below with this probability (Wichura 1988, AS 241).

    >>> round(normal_quantile(0.95), 6)
    1.644854
    """
    return _NORMAL.inv_cdf(probability)


def t_cdf(t: float, df: float) -> float:
    """Probability that a Student t variable with `df` degrees of freedom (any positive number) is at most `t`.

    The tail is the regularised incomplete beta function (DLMF 8.17.22), for large `df` Hill's 1970 series.

    >>> round(t_cdf(2.015, 5), 4)
    0.95
    """
    return 1.0 - t_survival(t, df) if t > 0 else t_survival(-t, df)


def t_survival(t: float, df: float) -> float:
    """Probability that a Student t variable exceeds `t`; keeps its relative accuracy far out in the tail.

    Raises ValueError when `df` is not positive or an argument is NaN.

    >>> round(t_survival(2.015, 5), 4)
    0.05
    """
    if isnan(t) or not df > 0:
        raise ValueError(f"t_survival needs a number and a positive df, got t={t}, df={df}")
    if t < 0:
        return 1.0 - t_survival(-t, df)
    if t > 1e150:
        return 0.0
    if df == inf:
        return normal_cdf(-t)
    if df > _LARGE_DF:
        return normal_cdf(-_normalised(t, df))
    square = t * t
    x = df / (df + square)
    # The continued fraction converges quickly only on its own side of the mean of the beta distribution.
    if x < (df / 2 + 1) / (df / 2 + 2.5):
        return 0.5 * _beta_tail(df / 2, 0.5, x, square / (df + square))
    return 0.5 * (1.0 - _beta_tail(0.5, df / 2, square / (df + square), x))


def gamma_survival(x: float, shape: float) -> float:
    """Probability that a gamma variable with this shape and scale 1 exceeds `x`: series or fraction (DLMF 8.7, 8.9).

    >>> round(gamma_survival(3.0, 2.0), 4)
    0.1991
    """
    if x <= 0.0:
        return 1.0
    front = exp(shape * log(x) - x - lgamma(shape))
    if x < shape + 1.0:
        term = total = 1.0 / shape
        for m in range(1, _TERMS):
            term *= x / (shape + m)
            total += term
            if term < total * 1e-16:
                break
        return max(1.0 - front * total, 0.0)
    b = x + 1.0 - shape
    c, d = 1e300, 1.0 / b
    fraction = d
    for m in range(1, _TERMS):
        numerator = -m * (m - shape)
        b += 2.0
        d = 1.0 / _away_from_zero(numerator * d + b, 1e-300)
        c = _away_from_zero(b + numerator / c, 1e-300)
        fraction *= c * d
        if abs(c * d - 1.0) < 1e-16:
            break
    return front * fraction


@lru_cache(maxsize=16384)
def t_quantile(probability: float, df: float) -> float:
    """The value that a Student t variable with `df` degrees of freedom stays below with this probability.

    A Cornish-Fisher start (Abramowitz & Stegun 26.7.5), polished by Newton steps on the survival function.
    Raises ValueError for a probability outside (0, 1) or a `df` that is not positive.

    >>> round(t_quantile(0.95, 5), 4), round(t_quantile(0.95, 7.5), 4)
    (2.015, 1.8757)
    """
    if not 0.0 < probability < 1.0 or not df > 0:
        raise ValueError(f"t_quantile needs 0 < probability < 1 and a positive df, got {probability}, {df}")
    if probability < 0.5:
        return -t_quantile(1.0 - probability, df)
    tail = 1.0 - probability
    z = _NORMAL.inv_cdf(probability)
    if df == inf or z == 0.0:
        return z
    low, high = 0.0, max(_cornish_fisher(z, df), z)
    while t_survival(high, df) > tail:
        low, high = high, 2.0 * high
    t = high
    for _ in range(100):
        survival = t_survival(t, df)
        low, high = (t, high) if survival > tail else (low, t)
        # A step on the logarithm is safe in the heavy tail of a small df.
        step = t + survival * log(survival / tail) / _density(t, df)
        step = step if low <= step <= high else (low + high) / 2
        if abs(step - t) <= 1e-14 * step:
            return step
        t = step
    return t


def _cornish_fisher(z: float, df: float) -> float:
    s = z * z
    return z * (
        1
        + (s + 1) / (4 * df)
        + ((5 * s + 16) * s + 3) / (96 * df**2)
        + (((3 * s + 19) * s + 17) * s - 15) / (384 * df**3)
    )


def _normalised(t: float, df: float) -> float:
    """The normal value with the same tail (Hill 1970, Algorithm 395)."""
    a = df - 0.5
    b = 48.0 * a * a
    y = a * log1p(t * t / df)
    return (((((-0.4 * y - 3.3) * y - 24.0) * y - 85.5) / (0.8 * y * y + 100.0 + b) + y + 3.0) / b + 1.0) * sqrt(y)


def _density(t: float, df: float) -> float:
    ratio = 0.0 if df > 1e6 else lgamma((df + 1) / 2) - lgamma(df / 2) - 0.5 * log(df / 2)
    return exp(ratio - (df + 1) / 2 * log1p(t * t / df)) / sqrt(2 * pi)


def _beta_tail(a: float, b: float, x: float, complement: float) -> float:
    """The regularised incomplete beta function I_x(a, b) by Lentz's continued fraction; complement is 1 - x."""
    if x == 0.0:
        return 0.0
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * (log(complement) if complement else -inf)) / a
    tiny = 1e-300
    c, d = 1.0, 1.0 / max(1.0 - (a + b) * x / (a + 1.0), tiny)
    fraction = d
    for m in range(1, 500):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 / _away_from_zero(1.0 + numerator * d, tiny)
            c = _away_from_zero(1.0 + numerator / c, tiny)
            fraction *= c * d
        if abs(c * d - 1.0) < 1e-16:
            break
    return front * fraction


def _away_from_zero(value: float, tiny: float) -> float:
    return value if abs(value) > tiny else tiny
