"""Which function computes which metric: apart from the catalogue, which the gate reads without any arrays."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

from mlops_actions.statistics.metrics import calibration, confusion, median, regression, scores
from mlops_actions.statistics.metrics.confusion import Confusion
from mlops_actions.statistics.metrics.regression import Numeric

CONFUSION = MappingProxyType(
    {
        "f1": confusion.fbeta(1.0),
        **{
            one.__name__: one
            for one in (
                confusion.accuracy,
                confusion.balanced_accuracy,
                confusion.precision,
                confusion.recall,
                confusion.specificity,
                confusion.false_positive_rate,
                confusion.selection_rate,
                confusion.mcc,
                confusion.kappa,
                confusion.precision_macro,
                confusion.recall_macro,
                confusion.f1_macro,
                confusion.f1_weighted,
            )
        },
    }
)
"""Metrics of labels: functions of the confusion matrix."""
BETA: MappingProxyType[str, Callable[[float], Confusion]] = MappingProxyType({"fbeta": confusion.fbeta})
"""Metrics of labels that take a parameter."""
SCORED = MappingProxyType({"roc_auc": scores.roc_auc, "average_precision": scores.average_precision})
"""Metrics of two-class scores that need their order."""
PROBABILITY = MappingProxyType(
    {
        "roc_auc_ovr": scores.one_vs_rest(scores.roc_auc, weighted=False),
        "roc_auc_ovr_weighted": scores.one_vs_rest(scores.roc_auc, weighted=True),
        "average_precision_macro": scores.one_vs_rest(scores.average_precision, weighted=False),
        "average_precision_weighted": scores.one_vs_rest(scores.average_precision, weighted=True),
        "log_loss": scores.log_loss,
        "brier": scores.brier,
        "ece": calibration.ece,
        "calibration_in_the_large": calibration.calibration_in_the_large,
    }
)
"""Metrics of probabilities, over all rows."""
NUMERIC: MappingProxyType[str, Numeric] = MappingProxyType(
    {
        "mean_error": regression.mean_error,
        "mae": regression.mae,
        "mse": regression.mse,
        "rmse": regression.rmse,
        "mape": regression.mape,
        "median_absolute_error": median.median_absolute_error,
        "r2": regression.r2,
    }
)
"""Metrics of predicted numbers."""
NUMERIC_WITH: MappingProxyType[str, Callable[[float], Numeric]] = MappingProxyType(
    {"quantile_loss": regression.quantile_loss, "within_tolerance": regression.within_tolerance}
)
"""Metrics of predicted numbers that take a parameter."""
