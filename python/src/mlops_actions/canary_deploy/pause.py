"""Between two runs of `mode: advance`: since when nobody looks, and how the counters stood then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mlops_actions.canary_deploy.metrics.interface import Snapshot
from mlops_actions.statistics.sequential import Counts, Reading


@dataclass(frozen=True)
class Counters:
    """A snapshot that another process can go on from: all times are Unix times."""

    time: float
    born: float
    readings: Mapping[str, tuple[Counts, Counts]]
    """By what is counted: the candidate's, the stable side's."""


@dataclass(frozen=True)
class Pause:
    """A rollout that nobody looks at until the next run."""

    since: float
    """Unix time."""
    counters: Counters | None = None
    """None where they could not be read, or do not tell how old they are: what happens meanwhile is then not judged."""
    requests_per_second: float | None = None
    """Of both sides, in the run before; None where it counted none."""


def kept_counters(snapshot: Snapshot, clock: float) -> Counters | None:
    """What another process needs of a snapshot; `clock` is the Unix time at 0 of the snapshot's own clock.

    None where the source does not tell its age: a restart could then hide behind counters that have grown again.
    """
    if not snapshot.tells_age:
        return None
    readings = {name: (one.canary, one.baseline) for name, one in snapshot.readings.items()}
    return Counters(clock + snapshot.errors.time, clock + snapshot.born, readings)


def snapshot_of(counters: Counters, clock: float) -> Snapshot:
    """The snapshot as this process would have taken it; `clock` is the Unix time at 0 of its own clock.

    A clock that differs by more than two seconds between the machines of both runs looks like a restart.
    """
    at = counters.time - clock
    readings = {name: Reading(at, *both) for name, both in counters.readings.items()}
    return Snapshot(readings, counters.born - clock)
