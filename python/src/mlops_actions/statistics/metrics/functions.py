"""Which function computes which metric: apart from the catalogue, which the gate reads without any arrays."""

from __future__ import annotations

from types import MappingProxyType

from mlops_actions.statistics.metrics import confusion, regression, scores

CONFUSION = MappingProxyType(
    {
        one.__name__: one
        for one in (
            confusion.accuracy,
            confusion.balanced_accuracy,
            confusion.precision,
            confusion.recall,
            confusion.specificity,
            confusion.false_positive_rate,
            confusion.selection_rate,
            confusion.f1,
            confusion.mcc,
            confusion.kappa,
            confusion.precision_macro,
            confusion.recall_macro,
            confusion.f1_macro,
            confusion.f1_weighted,
        )
    }
)
"""Metrics of labels: functions of the confusion matrix."""
SCORED = MappingProxyType({"roc_auc": scores.roc_auc, "average_precision": scores.average_precision})
"""Metrics of two-class scores that need their order."""
PROBABILITY = MappingProxyType({"roc_auc_ovr": scores.roc_auc_ovr, "log_loss": scores.log_loss, "brier": scores.brier})
"""Metrics of probabilities, over all rows."""
NUMERIC = MappingProxyType(
    {
        "mae": regression.mae,
        "mse": regression.mse,
        "rmse": regression.rmse,
        "mape": regression.mape,
        "r2": regression.r2,
    }
)
"""Metrics of predicted numbers."""
