"""The counts that a command of the user's prints: `COMMAND counts`, of `target` or of `metrics-source`."""

from __future__ import annotations

import time
from dataclasses import dataclass

from mlops_actions.canary_deploy.command import Command, read_command
from mlops_actions.canary_deploy.metrics.counts import read_counts
from mlops_actions.canary_deploy.metrics.interface import Query, Snapshot
from mlops_actions.canary_deploy.targets import Services
from mlops_actions.canary_deploy.targets.exec import ExecTarget


@dataclass(frozen=True)
class ExecCounters:
    """Runs the command once a look."""

    command: Command

    def read(self) -> Snapshot:
        """What `counts` prints; the moment is the one at which it was asked."""
        now = time.monotonic()
        return read_counts(self.command.ask_document("counts"), now, self.command.shown(("counts",)))


def open_metrics(target: ExecTarget) -> ExecCounters:
    """The counters of a command."""
    return ExecCounters(target.command)


def open_source(location: str, services: Services, query: Query) -> ExecCounters:  # noqa: ARG001
    """`exec:COMMAND` as the input `metrics-source`; nothing is run yet."""
    return ExecCounters(read_command(location, "metrics-source", services.stable, services.candidate))
