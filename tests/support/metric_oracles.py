"""What scikit-learn, or a little scipy, makes of each metric, given truth, labels or values, scores and weights."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import stats
from sklearn import metrics as oracle

K = 4
"""Classes of a multiclass task, with the labels a, b, c and d."""
COSTS = np.array([[0.0, 1.0, 2.0, 0.5], [10.0, -2.0, 3.0, 1.0], [0.0, 0.0, 1.0, 4.0], [1.0, 2.0, 3.0, 4.0]])
Oracle = Callable[..., float]

BINARY: dict[str, Oracle] = {
    "accuracy": lambda y, p, s, w: oracle.accuracy_score(y, p, sample_weight=w),
    "balanced_accuracy": lambda y, p, s, w: oracle.balanced_accuracy_score(y, p, sample_weight=w),
    "precision": lambda y, p, s, w: oracle.precision_score(y, p, sample_weight=w),
    "recall": lambda y, p, s, w: oracle.recall_score(y, p, sample_weight=w),
    "specificity": lambda y, p, s, w: oracle.recall_score(y, p, pos_label=0, sample_weight=w),
    "false_positive_rate": lambda y, p, s, w: 1 - oracle.recall_score(y, p, pos_label=0, sample_weight=w),
    "selection_rate": lambda y, p, s, w: float(np.average(p, weights=w)),
    "f1": lambda y, p, s, w: oracle.f1_score(y, p, sample_weight=w),
    "mcc": lambda y, p, s, w: oracle.matthews_corrcoef(y, p, sample_weight=w),
    "kappa": lambda y, p, s, w: oracle.cohen_kappa_score(y, p, sample_weight=w),
    "roc_auc": lambda y, p, s, w: oracle.roc_auc_score(y, s, sample_weight=w),
    "average_precision": lambda y, p, s, w: oracle.average_precision_score(y, s, sample_weight=w),
    "log_loss": lambda y, p, s, w: oracle.log_loss(y, s, sample_weight=w, labels=[0, 1]),
    "brier": lambda y, p, s, w: oracle.brier_score_loss(y, s, sample_weight=w),
    "ece": lambda y, p, s, w: debiased_ece(s, y - s, w),
}
MULTICLASS: dict[str, Oracle] = {
    "accuracy": BINARY["accuracy"],
    "balanced_accuracy": BINARY["balanced_accuracy"],
    "mcc": BINARY["mcc"],
    "kappa": BINARY["kappa"],
    "precision_macro": lambda y, p, s, w: oracle.precision_score(
        y, p, average="macro", sample_weight=w, zero_division=0
    ),
    "recall_macro": lambda y, p, s, w: oracle.recall_score(y, p, average="macro", sample_weight=w, zero_division=0),
    "f1_macro": lambda y, p, s, w: oracle.f1_score(y, p, average="macro", sample_weight=w),
    "f1_weighted": lambda y, p, s, w: oracle.f1_score(y, p, average="weighted", sample_weight=w),
    "roc_auc_ovr": lambda y, p, s, w: float(
        np.mean([oracle.roc_auc_score(y == k, s[:, k], sample_weight=w) for k in range(s.shape[1])])
    ),
    "roc_auc_ovr_weighted": lambda y, p, s, w: oracle.roc_auc_score(
        y, s, average="weighted", multi_class="ovr", sample_weight=w
    ),
    "average_precision_macro": lambda y, p, s, w: oracle.average_precision_score(
        np.eye(K)[y], s, average="macro", sample_weight=w
    ),
    "average_precision_weighted": lambda y, p, s, w: oracle.average_precision_score(
        np.eye(K)[y], s, average="weighted", sample_weight=w
    ),
    "log_loss": lambda y, p, s, w: oracle.log_loss(y, s, sample_weight=w, labels=range(K)),
    "brier": lambda y, p, s, w: oracle.brier_score_loss(y, s, sample_weight=w, labels=range(K), scale_by_half=True),
    "ece": lambda y, p, s, w: debiased_ece(s.max(1), (s.argmax(1) == y) - s.max(1), w),
}
REGRESSION: dict[str, Oracle] = {
    "mae": lambda y, p, s, w: oracle.mean_absolute_error(y, p, sample_weight=w),
    "mse": lambda y, p, s, w: oracle.mean_squared_error(y, p, sample_weight=w),
    "rmse": lambda y, p, s, w: oracle.root_mean_squared_error(y, p, sample_weight=w),
    "mape": lambda y, p, s, w: oracle.mean_absolute_percentage_error(y, p, sample_weight=w),
    "median_absolute_error": lambda y, p, s, w: oracle.median_absolute_error(y, p, sample_weight=w),
    "r2": lambda y, p, s, w: oracle.r2_score(y, p, sample_weight=w),
}
ASKED: dict[str, dict[str, Oracle]] = {
    "binary": {
        "fbeta(2)": lambda y, p, s, w: oracle.fbeta_score(y, p, beta=2, sample_weight=w),
        "fbeta(0.5)": lambda y, p, s, w: oracle.fbeta_score(y, p, beta=0.5, sample_weight=w),
        "calibration_in_the_large": lambda y, p, s, w: float(np.average(s, weights=w) - np.average(y, weights=w)),
        "cost": lambda y, p, s, w: float(np.average(COSTS[y, p], weights=w)),
        "recall@0.3": lambda y, p, s, w: oracle.recall_score(y, s >= 0.3, sample_weight=w),
        "mcc@0.45": lambda y, p, s, w: oracle.matthews_corrcoef(y, s >= 0.45, sample_weight=w),
        "fbeta(2)@0.6": lambda y, p, s, w: oracle.fbeta_score(y, s >= 0.6, beta=2, sample_weight=w),
        "recall@false_positive_rate(0.1)": lambda y, p, s, w: oracle.recall_score(
            y, s >= lowest(y, s, w, lambda alarms, hits, selected: alarms <= 0.1), sample_weight=w
        ),
        "precision@selection_rate(0.2)": lambda y, p, s, w: oracle.precision_score(
            y, s >= lowest(y, s, w, lambda alarms, hits, selected: selected <= 0.2), sample_weight=w
        ),
        "f1@specificity(0.8)": lambda y, p, s, w: oracle.f1_score(
            y, s >= lowest(y, s, w, lambda alarms, hits, selected: 1 - alarms >= 0.8), sample_weight=w
        ),
        "specificity@recall(0.8)": lambda y, p, s, w: oracle.recall_score(
            y, s >= -lowest(y, s, w, lambda alarms, hits, selected: hits >= 0.8, -1), pos_label=0, sample_weight=w
        ),
    },
    "multiclass": {
        'recall("b")': lambda y, p, s, w: oracle.recall_score(y, p, labels=[1], average="macro", sample_weight=w),
        'precision("b")': lambda y, p, s, w: oracle.precision_score(y, p, labels=[1], average="macro", sample_weight=w),
        'f1("c")': lambda y, p, s, w: oracle.f1_score(y, p, labels=[2], average="macro", sample_weight=w),
        'roc_auc("c")': lambda y, p, s, w: oracle.roc_auc_score(y == 2, s[:, 2], sample_weight=w),
        'average_precision("c")': lambda y, p, s, w: oracle.average_precision_score(y == 2, s[:, 2], sample_weight=w),
        "cost": lambda y, p, s, w: float(np.average(COSTS[y, p], weights=w)),
    },
    "regression": {
        "mean_error": lambda y, p, s, w: float(np.average(p - y, weights=w)),
        "quantile_loss(0.9)": lambda y, p, s, w: oracle.mean_pinball_loss(y, p, alpha=0.9, sample_weight=w),
        "within_tolerance(0.4)": lambda y, p, s, w: float(np.average(np.abs(y - p) <= 0.4, weights=w)),
    },
}
"""Metrics that take a parameter, a class or a threshold."""
ORACLES: dict[str, dict[str, Oracle]] = {"binary": BINARY, "multiclass": MULTICLASS, "regression": REGRESSION}
CASES = [(task, name) for task, table in ORACLES.items() for name in {**table, **ASKED[task]}]
SMOOTH = [
    (task, name)
    for task, name in CASES
    if name not in ("ece", "median_absolute_error") and not re.search(r"@\w+\(", name)
]
"""Metrics that have a derivative in each row's weight; those of a quantile or a sign have none."""


def lowest(y: Any, s: Any, w: Any, holds: Callable[[Any, Any, Any], Any], sign: int = 1) -> float:
    """The lowest threshold (of sign·score) at which a condition on the ROC curve holds."""
    alarms, hits, thresholds = oracle.roc_curve(y, s, sample_weight=w, drop_intermediate=False)
    alarms, hits = np.nan_to_num(alarms), np.nan_to_num(hits)  # of a class that is not there
    positive = float(np.average(y, weights=w))
    found = holds(alarms - 1e-12, hits + 1e-12, positive * hits + (1 - positive) * alarms - 1e-12)
    return float(np.min(sign * thresholds[found]))


def debiased_ece(confidence: Any, residual: Any, weights: Any) -> float:
    """Kumar, Liang & Ma (2019) bin by bin, with scipy's folded normal."""
    w = np.ones(len(residual)) if weights is None else weights
    total = 0.0
    for k in range(15):
        inside = (np.floor(confidence * 15) == k) | ((k == 14) & (confidence == 1))
        if w[inside].sum() == 0:
            continue
        share = w[inside] / w[inside].sum()
        gap = float(share @ residual[inside])
        variance = float((share**2 * (residual[inside] - gap) ** 2 / np.maximum(1 - share, 1e-300)).sum())
        sigma = np.sqrt(variance) if 1 / (share**2).sum() > 1.5 else 0.5
        folded = stats.foldnorm.mean(abs(gap) / sigma, scale=sigma) if sigma > 0 else abs(gap)
        total += w[inside].sum() / w.sum() * (2 * abs(gap) - folded)
    return max(total, 0.0)
