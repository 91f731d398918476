"""What every tracker can do. A new one is one file that does it and one line in `locations.py`."""

from __future__ import annotations

from typing import Protocol

from mlops_actions.tracking.record import Record


class Tracker(Protocol):
    """Keeps runs of experiments, with numbers, tags and files."""

    def write(self, record: Record) -> str:
        """Write one action's record to its pipeline's run, and say where people see it.

        Raises MlopsError when the tracker cannot be reached or refuses.
        """
