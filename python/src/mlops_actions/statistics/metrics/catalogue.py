"""The table of metrics: what each is called, needs and means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from mlops_actions.statistics.scales import SCALES

Task = Literal["binary", "multiclass", "regression", "scores"]
Needs = Literal["labels", "scores", "probabilities", "values", "rows"]
Parameter = Literal["beta", "quantile", "tolerance"]

TASKS: tuple[Task, ...] = ("binary", "multiclass", "regression", "scores")


@dataclass(frozen=True)
class Metric:
    """What is known about a metric before any data is seen."""

    name: str
    """As written in rules and statements, with its parameter and threshold: `fbeta(2)@0.3`."""
    tasks: tuple[Task, ...]
    """The tasks it is defined for."""
    needs: Needs
    """What a model must predict: labels, scores (any ranking), probabilities, values (numbers), or a number a row."""
    higher_is_better: bool | None
    """None where neither direction is known to be better (a selection rate, a metric of the user's)."""
    scale: str
    """The scale of its bounds, a key of `scales.SCALES`."""
    difference: str
    """The scale of a paired difference: tango where both models share a denominator of rows, else identity."""
    method: str
    """Name of the method that gives its standard error."""
    low: float | None = None
    """The least value, where the scale does not say it."""
    high: float | None = None
    """The greatest value, where the scale does not say it."""
    parameter: Parameter | None = None
    """What it takes in parentheses; without it there is no such metric."""
    per_class: bool = False
    """Whether it may name one of several classes, against the rest: `recall("AA")`."""
    always: bool = True
    """Whether it is estimated where nobody asks for particular metrics."""

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the greatest value it can take."""
        scale = SCALES[self.scale]
        return scale.low if self.low is None else self.low, scale.high if self.high is None else self.high


_BOTH: tuple[Task, ...] = ("binary", "multiclass")


def _proportion(name: str, *, higher: bool | None = True, paired: bool = True, per_class: bool = False) -> Metric:
    difference = "tango" if paired else "identity"
    return Metric(name, ("binary",), "labels", higher, "wilson", difference, "wilson", per_class=per_class)


def _composite(name: str, tasks: tuple[Task, ...], scale: str = "logit", *, per_class: bool = False) -> Metric:
    return Metric(name, tasks, "labels", True, scale, "identity", "delta", per_class=per_class)


def _ranking(name: str, method: str) -> Metric:
    return Metric(name, ("binary",), "scores", True, "logit", "identity", method, per_class=True)


def _one_vs_rest(name: str, method: str) -> Metric:
    return Metric(name, ("multiclass",), "probabilities", True, "logit", "identity", method)


def _error(name: str, method: str, *, parameter: Parameter | None = None, always: bool = True) -> Metric:
    return Metric(name, ("regression",), "values", False, "log", "identity", method, parameter=parameter, always=always)


_ALL = (
    Metric("accuracy", _BOTH, "labels", True, "wilson", "tango", "wilson"),
    _composite("balanced_accuracy", _BOTH),
    _proportion("precision", paired=False, per_class=True),
    _proportion("recall", per_class=True),
    _proportion("specificity", per_class=True),
    _proportion("false_positive_rate", higher=False, per_class=True),
    _proportion("selection_rate", higher=None, per_class=True),
    _composite("f1", ("binary",), per_class=True),
    Metric(
        "fbeta", ("binary",), "labels", True, "logit", "identity", "delta", parameter="beta", always=False
    ),
    _composite("mcc", _BOTH, "fisher"),
    _composite("kappa", _BOTH, "fisher"),
    _composite("precision_macro", ("multiclass",)),
    _composite("recall_macro", ("multiclass",)),
    _composite("f1_macro", ("multiclass",)),
    _composite("f1_weighted", ("multiclass",)),
    _ranking("roc_auc", "delong"),
    _ranking("average_precision", "delta"),
    _one_vs_rest("roc_auc_ovr", "delong"),
    _one_vs_rest("roc_auc_ovr_weighted", "delong"),
    _one_vs_rest("average_precision_macro", "delta"),
    _one_vs_rest("average_precision_weighted", "delta"),
    Metric("log_loss", _BOTH, "probabilities", False, "log", "identity", "mean"),
    Metric("brier", _BOTH, "probabilities", False, "logit", "identity", "mean"),
    Metric("ece", _BOTH, "probabilities", False, "identity", "identity", "debiased", low=0.0, high=1.0),
    Metric(
        "calibration_in_the_large", ("binary",), "probabilities", None, "identity", "identity", "mean",
        low=-1.0, high=1.0, always=False,
    ),
    Metric("cost", _BOTH, "labels", False, "identity", "identity", "mean", always=False),
    Metric("mean_error", ("regression",), "values", None, "identity", "identity", "mean", always=False),
    _error("mae", "mean"),
    _error("mse", "mean"),
    _error("rmse", "delta"),
    _error("mape", "mean"),
    # A median is not skewed as a mean of losses is.
    replace(_error("median_absolute_error", "woodruff"), scale="identity", low=0.0),
    _error("quantile_loss", "mean", parameter="quantile", always=False),
    Metric(
        "within_tolerance", ("regression",), "values", True, "wilson", "tango", "wilson",
        parameter="tolerance", always=False,
    ),
    Metric("r2", ("regression",), "values", True, "identity", "identity", "delta", high=1.0),
)  # fmt: skip

METRICS: Mapping[str, Metric] = MappingProxyType({metric.name: metric for metric in _ALL})


def metrics_for(task: Task) -> tuple[str, ...]:
    """Names of the metrics that are estimated for a task unless others are asked for, in the order of the table.

    >>> metrics_for("regression")
    ('mae', 'mse', 'rmse', 'mape', 'median_absolute_error', 'r2')
    """
    return tuple(metric.name for metric in _ALL if task in metric.tasks and metric.always)
