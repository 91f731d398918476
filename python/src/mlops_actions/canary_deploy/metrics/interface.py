"""What every source of metrics can do. A new one is one file that does it and one line in `locations.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, runtime_checkable

from mlops_actions.errors import OutsideError
from mlops_actions.statistics.sequential import NOTHING, Block, Counts, Moments, Reading, block_between

ERRORS: Final = "errors"
"""The reading that every source gives: requests, and those of them that got no good answer."""
BY_CLUSTER: Final = "errors by cluster"
"""Closed clusters, such as users whose window has ended, and those of them that saw an error."""

MIRRORED: Final = "mirrored"
"""Copies that got no good answer from the candidate, beside the errors of the requests that they are copies of."""

_CLOCK_TOLERANCE = 2.0
"""Seconds: sources tell their age in whole ones."""


@dataclass(frozen=True)
class Snapshot:
    """Cumulative counts of both sides at one moment."""

    readings: Mapping[str, Reading]
    """By what is counted: `errors` always, and whatever else the source knows, each of its own total."""
    born: float
    """When the counters began at 0, in seconds on the clock of the readings; exactly 0 where nothing tells."""
    sums: Mapping[str, tuple[Moments, Moments]] = field(default_factory=dict)
    """Of what is a mean and no count: of the candidate, and of the stable side."""
    resets: int = 0
    """How often the source has seen a part of a sum begin anew."""

    @classmethod
    def of_errors(cls, time: float, *, candidate: Counts, stable: Counts, born: float) -> Snapshot:
        """From a source that knows of requests and errors and nothing else."""
        return cls.of_counts(time, candidate={ERRORS: candidate}, stable={ERRORS: stable}, born=born)

    @classmethod
    def of_counts(
        cls, time: float, *, candidate: Mapping[str, Counts], stable: Mapping[str, Counts], born: float, resets: int = 0
    ) -> Snapshot:
        """From a source that knows more. What only one side has is 0 of 0 on the other where that was asked nothing."""
        idle = {side: counts[ERRORS].total == 0 for side, counts in (("candidate", candidate), ("stable", stable))}
        readings = {
            name: Reading(time, canary=candidate.get(name, NOTHING), baseline=stable.get(name, NOTHING))
            for name in {**candidate, **stable}
            if (name in candidate or idle["candidate"]) and (name in stable or idle["stable"])
        }
        return cls(readings, born, resets=resets)

    @property
    def errors(self) -> Reading:
        """Requests, and those of them that got no good answer."""
        return self.readings[ERRORS]

    @property
    def tells_age(self) -> bool:
        """Whether a restart shows even where the counters have grown beyond what they were."""
        return self.born != 0

    def restarted_since(self, before: Snapshot) -> bool:
        """Whether the counters began anew: they are younger, or some of them went down."""
        if self.resets != before.resets:
            return True
        both = ((now, before.readings[name]) for name, now in self.readings.items() if name in before.readings)
        return self.born - before.born > _CLOCK_TOLERANCE or any(_went_down(now, then) for now, then in both)


@dataclass(frozen=True)
class Query:
    """What the inputs say beside a source's location."""

    text: str | None = None
    """The input `metrics-query`."""
    label_delay: float = 0.0
    """Seconds after which the label of a request is there, or missing for good."""


class MetricSource(Protocol):
    """Counts what both sides did with their requests."""

    def read(self) -> Snapshot:
        """The counters now. OutsideError when they cannot be read: a missing counter is never 0 errors."""


@runtime_checkable
class CohortSource(Protocol):
    """A source that reads requests by when they came, and so can go on where another process stopped."""

    def take_up(self, looks: Sequence[float], counted: Mapping[str, Reading]) -> None:
        """Before the first `read`: the Unix times of the looks so far, and what had been counted at the last one."""


class Uncounted:
    """The source of what looks at nothing, such as an abort."""

    def read(self) -> Snapshot:
        """Never a count."""
        raise OutsideError("nothing counts the requests here.")


def sums_since(before: Snapshot, after: Snapshot, longest_gap: float) -> dict[str, tuple[Moments, Moments]]:
    """The same of what is a mean and no count."""
    if after.restarted_since(before) or not 0 < after.errors.time - before.errors.time <= longest_gap:
        return {}
    added: dict[str, tuple[Moments, Moments]] = {}
    for name in after.sums.keys() & before.sums.keys():
        candidate, stable = (now.since(then) for now, then in zip(after.sums[name], before.sums[name], strict=True))
        if candidate and stable:
            added[name] = (candidate, stable)
    return added


def blocks_since(before: Snapshot | None, after: Snapshot, longest_gap: float) -> dict[str, Block]:
    """What happened between two snapshots, by what is counted; nothing, never a good block, after a reset or a gap.

    What one of the snapshots lacks, or whose numbers do not fit together, has no block.
    """
    if before is None or after.restarted_since(before):
        return {}
    blocks = {
        name: block_between(before.readings[name], reading, longest_gap)
        for name, reading in after.readings.items()
        if name in before.readings
    }
    return {name: block for name, block in blocks.items() if block}


def _went_down(now: Reading, then: Reading) -> bool:
    return now.canary.total < then.canary.total or now.baseline.total < then.baseline.total
