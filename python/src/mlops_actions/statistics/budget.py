"""How often one test set may be looked at (STATISTICS §4)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Look:
    """One judgement on a test set that others used before."""

    candidates: int
    """Distinct candidates judged on this test digest, this one included."""
    look: int
    """Which look at this same candidate it is, on data that grew since the one before; 1 for the first."""
    budget: int
    """Distinct candidates that the test set is meant for."""

    def __post_init__(self) -> None:
        if self.candidates < 1 or self.look < 1 or self.budget < 1:
            raise ValueError("candidates, look and budget count from 1")

    @property
    def worn_out(self) -> bool:
        """Whether the test set has judged more candidates than it was meant for; the answer is then inconclusive."""
        return self.candidates > self.budget


def level(alpha: float, look: Look) -> float:
    """The level of one look: alpha/budget by the union bound; a further look at the same candidate α/2, α/4, … of it.

    A rule's own alpha is shared in the same way.

    Over all candidates a false pass at a first look has a chance of at most alpha; further looks together add at most
    as much again (Armitage, McPherson & Rowe 1969). Valid for candidates that were not tuned on the printed scores.

    >>> level(0.05, Look(candidates=1, look=1, budget=10)), level(0.05, Look(candidates=1, look=2, budget=1))
    (0.005, 0.025)
    """
    return alpha / look.budget / 2.0 ** (look.look - 1)
