"""Where the counts of good and bad requests come from."""

from mlops_actions.canary_deploy.metrics.interface import MetricSource, Snapshot
from mlops_actions.canary_deploy.metrics.locations import open_metrics

__all__ = ["MetricSource", "Snapshot", "open_metrics"]
