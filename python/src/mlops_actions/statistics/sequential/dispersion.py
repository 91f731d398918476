"""How much errors come in bunches: phi, by which every logarithm of an e-value is divided."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from mlops_actions.errors import InputError

LEAST_LOOKS: Final = 30
ASSUMED: Final = 3.0
"""Without enough looks before the canary: independence is not assumed."""


@dataclass(frozen=True)
class Dispersion:
    """phi and where it comes from; it is fixed before the canary gets its first request."""

    value: float
    source: Literal["clusters", "measured", "assumed"]
    """`clusters`: one observation for each cluster, so phi is 1 by design."""
    looks: int = 0
    """Looks at the baseline that it was, or could have been, measured on; 0 where none of them told errors apart."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.value) and self.value >= 1):
            raise InputError(f"a dispersion is a number of at least 1, not {self.value!r}.")

    def __str__(self) -> str:
        if self.source == "clusters":
            return "1 (one observation per cluster)"
        if self.source == "measured":
            return f"{self.value:.2g} (measured on {self.looks} looks at the baseline)"
        if not self.looks:
            why = "no error was seen at the baseline, or nothing else, so their bunching cannot be measured"
            return f"{self.value:.2g} (assumed: {why})"
        return f"{self.value:.2g} (assumed: {self.looks} usable looks at the baseline, {LEAST_LOOKS} are needed)"


BY_CLUSTER: Final = Dispersion(1.0, "clusters")


def pearson_dispersion(bad: npt.ArrayLike, total: npt.ArrayLike) -> Dispersion:
    """phi = max(1, X^2 / (looks - 1)) of the baseline's errors over looks before the canary; shapes (looks,).

    X^2 is Pearson's statistic against one common rate (McCullagh & Nelder, Generalized Linear Models, 1989, 4.5).
    With fewer than 30 looks that had a request, or with no error (or nothing else) in all of them, bunching cannot
    be measured and phi is 3. Errors of one user that fall into different looks are not seen as bunched: looks
    should be longer than a user's session.

    >>> pearson_dispersion([0, 4, 0, 0] * 10, [100] * 40).value.__round__(2)
    3.11
    >>> print(pearson_dispersion([1, 0], [100, 100]))
    3 (assumed: 2 usable looks at the baseline, 30 are needed)
    """
    k, n = np.asarray(bad, dtype=float), np.asarray(total, dtype=float)
    if k.shape != n.shape or k.ndim != 1 or not bool(np.all((k >= 0) & (k <= n) & np.isfinite(n))):
        raise InputError("the looks before the canary are two equally long lists with 0 <= bad <= total.")
    k, n = k[n > 0], n[n > 0]
    looks = len(n)
    rate = k.sum() / n.sum() if looks else 0.0
    if looks < LEAST_LOOKS or not 0 < rate < 1:
        return Dispersion(ASSUMED, "assumed", looks if 0 < rate < 1 else 0)
    statistic = float(np.sum((k - n * rate) ** 2 / (n * rate * (1 - rate))))
    return Dispersion(max(1.0, statistic / (looks - 1)), "measured", looks)
