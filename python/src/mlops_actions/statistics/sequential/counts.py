"""Counts of bad requests: one arm, a block of both arms, and cumulative counters turned into blocks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from mlops_actions.errors import InputError


@dataclass(frozen=True)
class Counts:
    """How many of an arm's observations were bad: requests, or clusters where a cluster key is given."""

    bad: int
    total: int

    def __post_init__(self) -> None:
        whole = all(isinstance(value, int) and not isinstance(value, bool) for value in (self.bad, self.total))
        if not whole or not 0 <= self.bad <= self.total:
            raise InputError(f"counts are whole numbers with 0 <= bad <= total, not {self.bad!r} of {self.total!r}.")

    @property
    def rate(self) -> float | None:
        """The share of bad ones; None without an observation, which is never a rate of 0."""
        return self.bad / self.total if self.total else None


NOTHING: Final = Counts(0, 0)


@dataclass(frozen=True)
class Block:
    """What both arms answered between two looks."""

    canary: Counts
    baseline: Counts


@dataclass(frozen=True)
class Reading:
    """Both arms' counters as they stood at one moment, counted from whenever their process started."""

    time: float
    """Seconds on any clock that does not jump."""
    canary: Counts
    baseline: Counts


def block_between(before: Reading, after: Reading, longest_gap: float = math.inf) -> Block | None:
    """The block between two readings, or None where the counters cannot be trusted and the block is thrown away.

    A counter that went down was reset. Within a gap longer than `longest_gap` seconds a reset may have been overtaken
    by new requests, so that it does not show. None also stands for a reading that is not later than the one before,
    and for more new bad requests than new requests (counters read at different moments).

    >>> before = Reading(0, Counts(1, 40), Counts(5, 400))
    >>> block_between(before, Reading(10, Counts(2, 60), Counts(6, 580)))
    Block(canary=Counts(bad=1, total=20), baseline=Counts(bad=1, total=180))
    >>> block_between(before, Reading(10, Counts(0, 12), Counts(6, 580))) is None
    True
    """
    if not 0 < after.time - before.time <= longest_gap:
        return None
    arms: list[Counts] = []
    for old, new in ((before.canary, after.canary), (before.baseline, after.baseline)):
        bad, total = new.bad - old.bad, new.total - old.total
        if not 0 <= bad <= total:
            return None
        arms.append(Counts(bad, total))
    return Block(*arms)
