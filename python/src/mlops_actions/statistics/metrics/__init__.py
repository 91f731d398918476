"""Every metric: its value and, per row, by how much that row moves it."""

from mlops_actions.statistics.metrics.catalogue import METRICS, Metric, Task, metrics_for

__all__ = ["METRICS", "Metric", "Task", "metrics_for"]
