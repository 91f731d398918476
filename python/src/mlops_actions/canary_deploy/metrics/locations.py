"""Which source counts the requests of a target: for now always the target's own counters."""

from __future__ import annotations

from importlib import import_module

from mlops_actions.canary_deploy.metrics.interface import MetricSource
from mlops_actions.canary_deploy.targets.interface import Target

_OPENERS = {
    "envoy": "mlops_actions.canary_deploy.metrics.envoy",
    "exec": "mlops_actions.canary_deploy.metrics.exec",
    "haproxy": "mlops_actions.canary_deploy.metrics.haproxy",
    "traefik": "mlops_actions.canary_deploy.metrics.traefik",
}
"""The target's kind → module whose `open_metrics(target)` returns the source; imported when it is asked for."""


def open_metrics(target: Target) -> MetricSource:
    """The counters of a target; nothing is read yet."""
    source: MetricSource = import_module(_OPENERS[target.kind]).open_metrics(target)
    return source
