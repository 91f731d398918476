"""An interval that is valid at every look at once, and the search for its ends.

A confidence sequence is what an e-process cannot reject: if for every possible truth the evidence against it reaches
2/alpha with probability at most alpha/2 on either side, at any time, then all that is not rejected covers the truth at
every look with probability 1 - alpha (Howard, Ramdas, McAuliffe & Sekhon, "Time-uniform, nonparametric, nonasymptotic
confidence sequences", Annals of Statistics 2021).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

_COARSE = 24
_HALVINGS = 16


@dataclass(frozen=True)
class Interval:
    """An estimate and where the truth lies, at all looks together with the confidence that was asked for."""

    value: float
    lower: float
    upper: float

    def excludes(self, truth: float) -> bool:
        """Whether the truth was shown to be another."""
        return not self.lower <= truth <= self.upper


def farthest(kept: Callable[[float], bool], value: float, end: float) -> float:
    """The truth between an estimate and the end of what is possible that is farthest from the estimate and yet kept.

    A coarse look first, so that no island beyond a gap is missed; then halving.

    >>> round(farthest(lambda truth: truth > 0.25, value=0.5, end=0.0), 3)
    0.25
    """
    grid = value + (end - value) * np.geomspace(1e-4, 1, _COARSE)
    beyond = next((place for place in reversed(range(_COARSE)) if kept(float(grid[place]))), None)
    if beyond == _COARSE - 1:
        return end
    inside, outside = (value, float(grid[0])) if beyond is None else (float(grid[beyond]), float(grid[beyond + 1]))
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if kept(middle) else (inside, middle)
    return outside
