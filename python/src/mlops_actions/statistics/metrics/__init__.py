"""Every metric: its value and, per row, by how much that row moves it."""

from mlops_actions.statistics.metrics.catalogue import METRICS, Metric, Task, metrics_for
from mlops_actions.statistics.metrics.names import known_metric, metric_of, read_name

__all__ = ["METRICS", "Metric", "Task", "known_metric", "metric_of", "metrics_for", "read_name"]
