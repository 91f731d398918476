"""Statistics of metrics and decisions: pure functions on counts and arrays, with numpy alone."""

from mlops_actions.statistics.budget import Look, level
from mlops_actions.statistics.clusters import Design, design, encode
from mlops_actions.statistics.contrasts import between_slices, combine, negate
from mlops_actions.statistics.estimate import Estimate
from mlops_actions.statistics.evaluation import Evaluation, by_slice, evaluate
from mlops_actions.statistics.families import (
    Claim,
    Judgement,
    Outcome,
    gaps,
    holm,
    judge_forbidden,
    judge_shown,
    ratios,
    rows_needed,
    split_alpha,
    visible_harm,
    within,
    worst,
)
from mlops_actions.statistics.metrics import METRICS, Metric, Task, metrics_for, nearest
from mlops_actions.statistics.psi import Stability, stability
from mlops_actions.statistics.sample import Predictions, Sample

__all__ = [
    "METRICS",
    "Claim",
    "Design",
    "Estimate",
    "Evaluation",
    "Judgement",
    "Look",
    "Metric",
    "Outcome",
    "Predictions",
    "Sample",
    "Stability",
    "Task",
    "between_slices",
    "by_slice",
    "combine",
    "design",
    "encode",
    "evaluate",
    "gaps",
    "holm",
    "judge_forbidden",
    "judge_shown",
    "level",
    "metrics_for",
    "nearest",
    "negate",
    "ratios",
    "rows_needed",
    "split_alpha",
    "stability",
    "visible_harm",
    "within",
    "worst",
]
