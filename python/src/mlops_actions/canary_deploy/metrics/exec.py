"""The counts that a command of the user's prints: `COMMAND counts`, of `target` or of `metrics-source`."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

from mlops_actions.canary_deploy.command import Command, read_command
from mlops_actions.canary_deploy.metrics.interface import Snapshot
from mlops_actions.canary_deploy.targets import Services
from mlops_actions.canary_deploy.targets.exec import ExecTarget
from mlops_actions.errors import OutsideError
from mlops_actions.statistics.sequential import Counts


@dataclass(frozen=True)
class ExecCounters:
    """Runs the command once a look."""

    command: Command

    def read(self) -> Snapshot:
        """What `counts` prints; the moment is the one at which it was asked."""
        now = time.monotonic()
        found = self.command.ask_document("counts")
        candidate, stable = self._counts(found, "candidate"), self._counts(found, "stable")
        return Snapshot.of_errors(now, candidate=candidate, stable=stable, born=self._born(found))

    def _counts(self, found: dict[str, Any], side: str) -> Counts:
        counts = found.get(side)
        if not isinstance(counts, dict):
            raise self._wrong(f"nothing about {side!r}")
        requests, errors = (self._number(counts, side, name) for name in ("requests", "errors"))
        if errors > requests:
            raise self._wrong(f"{errors} errors in {requests} requests of {side!r}")
        return Counts(errors, requests)

    def _number(self, counts: dict[str, Any], side: str, name: str) -> int:
        value = counts.get(name)
        # Not a count: null, NaN, true, "12", -1, 0.5. None of them may be taken for 0.
        if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0 or value % 1:
            raise self._wrong(f"{name!r} of {side!r} as {value!r}")
        return int(value)

    def _born(self, found: dict[str, Any]) -> float:
        """On the clock of `time.monotonic`; without it a restart shows only in counters that go down."""
        since = found.get("since", 0)
        if isinstance(since, bool) or not isinstance(since, int | float) or not math.isfinite(since):
            raise self._wrong(f"'since' as {since!r}")
        return since + time.monotonic() - time.time() if since else 0.0

    def _wrong(self, what: str) -> OutsideError:
        return OutsideError(
            f"{self.command.shown(('counts',))} gives {what}.",
            hint='Print {"stable": {"requests": 900, "errors": 9}, "candidate": {"requests": 100, "errors": 1}}, '
            "whole numbers that only grow.",
        )


def open_metrics(target: ExecTarget) -> ExecCounters:
    """The counters of a command."""
    return ExecCounters(target.command)


def open_source(location: str, services: Services) -> ExecCounters:
    """`exec:COMMAND` as the input `metrics-source`; nothing is run yet."""
    return ExecCounters(read_command(location, "metrics-source", services.stable, services.candidate))
