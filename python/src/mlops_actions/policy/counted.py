"""What other tools' numbers rest on: counts from which an interval comes back, where a file holds them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite, sqrt
from typing import Any

from mlops_actions.statistics.estimate import Estimate
from mlops_actions.statistics.metrics import known_metric

_CLASS = frozenset({"precision", "recall", "f1-score", "support"})
_AVERAGES = frozenset({"micro avg", "macro avg", "weighted avg", "samples avg"})
_MATRICES = frozenset({"confusion_matrix", "confusion matrix", "confusion-matrix"})
_OF_TWO = (
    *("accuracy", "balanced_accuracy", "precision", "recall", "specificity", "false_positive_rate"),
    *("selection_rate", "f1", "mcc", "kappa"),
)
_OF_SEVERAL = ("accuracy", "balanced_accuracy", "mcc", "kappa", "precision_macro", "recall_macro", "f1_macro")
_MOST_CLASSES = 100

Keys = tuple[str, ...]


def counted(document: object, keys: Keys = ()) -> Iterator[tuple[Keys, Estimate]]:
    """Estimates of the metrics whose counts a JSON document holds, by the keys that lead to them.

    Known are scikit-learn's `classification_report` (support), a confusion matrix (rows are the truth, the second
    class is the positive one, as scikit-learn's), and `{"value": …, "n": …}`: of a proportion, or with a standard error
    `se` of any metric. Rows are taken for independent, since no file of numbers says otherwise.
    """
    if isinstance(document, list):
        for index, inner in enumerate(document):
            yield from counted(inner, (*keys, f"_{index}"))
    if not isinstance(document, Mapping):
        return
    if keys and (one := _measured(keys[-1], document)):
        yield keys, one
    for name, one in _reported(document):
        yield (*keys, *name), one
    for key, inner in document.items():
        if key in _MATRICES:
            yield from (((*keys, metric), one) for metric, one in _confused(inner))
        else:
            yield from counted(inner, (*keys, str(key)))


def proportion(value: float, n: int) -> Estimate:
    """A share of n independent rows, to be bounded by Wilson's score interval.

    >>> round(proportion(0.9, 200).lower(0.95), 3)
    0.859
    """
    variance = value * (1.0 - value) / (n - 1) if n > 1 else 0.0
    return Estimate(value, sqrt(variance), n - 1, n, n, n, "wilson", "wilson")


def _measured(name: str, fields: Mapping[str, Any]) -> Estimate | None:
    """`{"value": 0.9, "n": 200}`, with `se` for what is no proportion."""
    value, n, se = fields.get("value"), _whole(fields.get("n")), _real(fields.get("se"))
    metric = known_metric(name)
    if n is None or (value := _real(value)) is None:
        return None
    if se is not None:
        return Estimate(value, se, n - 1, n, n, n, "identity", "given") if se > 0 else None
    return proportion(value, n) if metric and metric.scale == "wilson" and 0 <= value <= 1 else None


def _reported(report: Mapping[str, Any]) -> Iterator[tuple[Keys, Estimate]]:
    """The shares in a classification_report: recall of the rows of a class, precision of those predicted as it."""
    classes = {
        name: one
        for name, one in report.items()
        if name not in _AVERAGES and isinstance(one, Mapping) and one.keys() >= _CLASS
    }
    total = 0
    for name, one in classes.items():
        support, recall, precision = _whole(one["support"]), _real(one["recall"]), _real(one["precision"])
        if support is None or recall is None or precision is None:
            return
        hits = _whole(recall * support, near=1e-6 * support)
        if hits is None:  # weighted rows: their sums are no counts
            return
        total += support
        yield (name, "recall"), proportion(recall, support)
        predicted = _whole(hits / precision, near=1e-6 * support) if precision else None
        if predicted:
            yield (name, "precision"), proportion(precision, predicted)
    if total and (accuracy := _real(report.get("accuracy"))) is not None:
        yield ("accuracy",), proportion(accuracy, total)


def _confused(matrix: object) -> Iterator[tuple[str, Estimate]]:
    """Every metric of labels, from the counts of a square matrix of whole numbers."""
    if not isinstance(matrix, list) or not 2 <= len(matrix) <= _MOST_CLASSES:
        return
    rows = [[_whole(cell, zero=True) for cell in row] if isinstance(row, list) else [] for row in matrix]
    if any(len(row) != len(matrix) or None in row for row in rows):
        return
    # Only a matrix needs numpy, and a gate is to start quickly.
    import numpy as np

    from mlops_actions.statistics.clusters import Design
    from mlops_actions.statistics.evaluation import evaluate
    from mlops_actions.statistics.sample import Predictions, Sample

    counts = np.array(rows, dtype=np.float64)
    truth, labels = (codes[counts.ravel() > 0] for codes in map(np.ravel, np.indices(counts.shape)))
    kept = counts.ravel()[counts.ravel() > 0]
    if not len(kept):
        return
    task, names = ("binary", _OF_TWO) if len(rows) == 2 else ("multiclass", _OF_SEVERAL)
    sample = Sample(
        task,  # type: ignore[arg-type]
        truth,
        Predictions(labels=labels),
        design=Design(len(kept), counts=kept),
        classes=len(rows),
    )
    yield from evaluate(sample, names).estimates.items()


def _real(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e300 and isfinite(value) else None


def _whole(value: object, near: float = 0.0, *, zero: bool = False) -> int | None:
    """A count, at least 1 unless `zero` is one too; a float stands for one where it is `near` a whole number."""
    number = _real(value)
    if number is None or abs(number - round(number)) > near or not (number > 0 or (zero and number == 0)):
        return None
    return round(number)
