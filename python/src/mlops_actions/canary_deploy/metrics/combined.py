"""Several sources at once: what the first does not count, the next one may."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mlops_actions.canary_deploy.metrics.interface import ERRORS, CohortSource, MetricSource, Snapshot
from mlops_actions.errors import OutsideError
from mlops_actions.statistics.sequential import Reading


@dataclass
class CombinedCounters:
    """Reads all of them at each look."""

    sources: Sequence[MetricSource]
    _before: Sequence[Snapshot] = ()
    _resets: int = 0

    def read(self) -> Snapshot:
        """All readings; one that began anew makes the look worthless for all."""
        found = [source.read() for source in self.sources]
        restarted = [now.restarted_since(then) for now, then in zip(found, self._before, strict=bool(self._before))]
        self._resets += any(restarted)
        self._before = found
        readings = {name: one for snapshot in reversed(found) for name, one in snapshot.readings.items()}
        if ERRORS not in readings:
            raise OutsideError("none of the sources of metrics counts requests and errors.")
        sums = {name: one for snapshot in reversed(found) for name, one in snapshot.sums.items()}
        ages = [snapshot.born for snapshot in found]
        return Snapshot(readings, born=max(ages) if all(ages) else 0.0, sums=sums, resets=self._resets)

    def take_up(self, looks: Sequence[float], counted: Mapping[str, Reading]) -> None:
        """Let those go on that can."""
        for source in self.sources:
            if isinstance(source, CohortSource):
                source.take_up(looks, counted)
