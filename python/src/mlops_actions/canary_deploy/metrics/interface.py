"""What every source of metrics can do. A new one is one file that does it and one line in `locations.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from mlops_actions.errors import OutsideError
from mlops_actions.statistics.sequential import Block, Reading, block_between

_CLOCK_TOLERANCE = 2.0
"""Seconds: sources tell their age in whole ones."""


@dataclass(frozen=True)
class Snapshot:
    """Cumulative counts of both sides at one moment."""

    errors: Reading
    """Requests, and those of them that got no good answer."""
    born: float
    """When the counters began at 0, in seconds on the clock of `errors.time`."""

    def restarted_since(self, before: Snapshot) -> bool:
        """Whether the counters began anew: they are younger, or some of them went down."""
        sides = ((self.errors.canary, before.errors.canary), (self.errors.baseline, before.errors.baseline))
        return self.born - before.born > _CLOCK_TOLERANCE or any(now.total < then.total for now, then in sides)


class MetricSource(Protocol):
    """Counts what both sides did with their requests."""

    def read(self) -> Snapshot:
        """The counters now. OutsideError when they cannot be read: a missing counter is never 0 errors."""


class Uncounted:
    """The source of what looks at nothing, such as an abort."""

    def read(self) -> Snapshot:
        """Never a count."""
        raise OutsideError("nothing counts the requests here.")


def block_since(before: Snapshot | None, after: Snapshot, longest_gap: float) -> Block | None:
    """What happened between two snapshots; None, never a good block, after a reset or a gap."""
    if before is None or after.restarted_since(before):
        return None
    return block_between(before.errors, after.errors, longest_gap)
