"""Statistics of metrics and decisions: pure functions on counts and arrays, with numpy alone."""

from mlops_actions.statistics.clusters import Design, design, encode
from mlops_actions.statistics.estimate import Estimate
from mlops_actions.statistics.evaluation import Evaluation, by_slice, evaluate
from mlops_actions.statistics.metrics import METRICS, Metric, metrics_for, nearest
from mlops_actions.statistics.sample import Predictions, Sample

__all__ = [
    "METRICS",
    "Design",
    "Estimate",
    "Evaluation",
    "Metric",
    "Predictions",
    "Sample",
    "by_slice",
    "design",
    "encode",
    "evaluate",
    "metrics_for",
    "nearest",
]
