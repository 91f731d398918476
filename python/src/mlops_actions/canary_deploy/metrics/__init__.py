"""Where the counts of good and bad requests come from."""

from mlops_actions.canary_deploy.metrics.interface import MetricSource, Query, Snapshot
from mlops_actions.canary_deploy.metrics.locations import open_metrics

__all__ = ["MetricSource", "Query", "Snapshot", "open_metrics"]
