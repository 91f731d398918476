"""The table of metrics: what each is called, needs and means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from types import MappingProxyType
from typing import Literal

from mlops_actions.statistics.scales import SCALES

Task = Literal["binary", "multiclass", "regression"]
Needs = Literal["labels", "scores", "probabilities", "values"]

TASKS: tuple[Task, ...] = ("binary", "multiclass", "regression")


@dataclass(frozen=True)
class Metric:
    """What is known about a metric before any data is seen."""

    name: str
    """As written in rules and statements."""
    tasks: tuple[Task, ...]
    """The tasks it is defined for."""
    needs: Needs
    """What a model must predict: labels, scores (any ranking), probabilities or values (numbers)."""
    higher_is_better: bool | None
    """None where neither direction is better (a selection rate)."""
    scale: str
    """The scale of its bounds, a key of `scales.SCALES`."""
    difference: str
    """The scale of a paired difference: tango where both models share a denominator of rows, else identity."""
    method: str
    """Name of the method that gives its standard error."""

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the greatest value it can take."""
        return (0.0, inf) if self.name in _NOT_NEGATIVE else (SCALES[self.scale].low, self._high)

    @property
    def _high(self) -> float:
        return 1.0 if self.name == "r2" else SCALES[self.scale].high


_NOT_NEGATIVE = frozenset({"log_loss", "mae", "mse", "rmse", "mape"})
_BOTH: tuple[Task, ...] = ("binary", "multiclass")


def _proportion(name: str, *, higher: bool | None = True, paired: bool = True) -> Metric:
    return Metric(name, ("binary",), "labels", higher, "wilson", "tango" if paired else "identity", "wilson")


def _composite(name: str, tasks: tuple[Task, ...], scale: str = "logit") -> Metric:
    return Metric(name, tasks, "labels", True, scale, "identity", "delta")


_ALL = (
    Metric("accuracy", _BOTH, "labels", True, "wilson", "tango", "wilson"),
    _composite("balanced_accuracy", _BOTH),
    _proportion("precision", paired=False),
    _proportion("recall"),
    _proportion("specificity"),
    _proportion("false_positive_rate", higher=False),
    _proportion("selection_rate", higher=None),
    _composite("f1", ("binary",)),
    _composite("mcc", _BOTH, "fisher"),
    _composite("kappa", _BOTH, "fisher"),
    _composite("precision_macro", ("multiclass",)),
    _composite("recall_macro", ("multiclass",)),
    _composite("f1_macro", ("multiclass",)),
    _composite("f1_weighted", ("multiclass",)),
    Metric("roc_auc", ("binary",), "scores", True, "logit", "identity", "delong"),
    Metric("average_precision", ("binary",), "scores", True, "logit", "identity", "delta"),
    Metric("roc_auc_ovr", ("multiclass",), "probabilities", True, "logit", "identity", "delong"),
    Metric("log_loss", _BOTH, "probabilities", False, "identity", "identity", "mean"),
    Metric("brier", ("binary",), "probabilities", False, "logit", "identity", "mean"),
    Metric("mae", ("regression",), "values", False, "identity", "identity", "mean"),
    Metric("mse", ("regression",), "values", False, "identity", "identity", "mean"),
    Metric("rmse", ("regression",), "values", False, "identity", "identity", "delta"),
    Metric("mape", ("regression",), "values", False, "identity", "identity", "mean"),
    Metric("r2", ("regression",), "values", True, "identity", "identity", "delta"),
)

METRICS: Mapping[str, Metric] = MappingProxyType({metric.name: metric for metric in _ALL})


def metrics_for(task: Task) -> tuple[str, ...]:
    """Names of the metrics that are defined for a task, in the order of the table.

    >>> metrics_for("regression")
    ('mae', 'mse', 'rmse', 'mape', 'r2')
    """
    return tuple(metric.name for metric in _ALL if task in metric.tasks)
