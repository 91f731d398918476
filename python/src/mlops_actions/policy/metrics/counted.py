"""What other tools' numbers rest on: counts from which an interval comes back, where a file holds them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf, isfinite, sqrt
from typing import Any

from mlops_actions.errors import InputError
from mlops_actions.statistics.estimate import Estimate
from mlops_actions.statistics.metrics import known_metric
from mlops_actions.statistics.quantiles import normal_quantile

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
    """Estimates of the metrics that a JSON document holds more of than a number, by the keys that lead to them.

    Known are scikit-learn's `classification_report` (support); a confusion matrix (rows are the truth, the second class
    is the positive one, as scikit-learn's); `{"value": …, "n": …}`, of a proportion, or with a standard error `se` of
    any metric; and an interval, `{"value": …, "lower": …, "upper": …, "confidence": …}`. Rows are taken for
    independent, since no file of numbers says otherwise. Raises InputError for an interval that cannot be one.
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
            yield from (((*keys, metric), one) for metric, one in confused(inner))
        else:
            yield from counted(inner, (*keys, str(key)))


def proportion(value: float, n: int) -> Estimate:
    """A share of n independent rows, to be bounded by Wilson's score interval.

    >>> round(proportion(0.9, 200).lower(0.95), 3)
    0.859
    """
    variance = value * (1.0 - value) / (n - 1) if n > 1 else 0.0
    return Estimate(value, sqrt(variance), n - 1, n, n, n, "wilson", "wilson")


def share_of(value: object, rows: int | None) -> Estimate | None:
    """The same, where so many rows can have that share; None otherwise: weighted rows, or an average.

    >>> share_of(0.91, 200) is None, share_of(0.915, 200).n
    (True, 200)
    """
    share = real(value)
    if share is None or rows is None or not 0 <= share <= 1:
        return None
    hits = share * rows
    return proportion(share, rows) if abs(hits - round(hits)) <= 1e-6 * rows else None


def interval(name: str, value: float, lower: float, upper: float, confidence: float, n: int | None) -> Estimate:
    """What an interval that others computed says: two-sided, as they write it; n is None where the rows are not told.

    The standard error is the longer side's, so that a bound of a lopsided interval errs to the safe side. Raises
    InputError for what is no interval around the value.

    >>> round(interval("auc", 0.9, 0.86, 0.93, 0.95, None).lower(0.975), 3)
    0.86
    """
    if not lower <= value <= upper:
        message = f"{name} is {value:g}, outside of its own interval, {lower:g} to {upper:g}."
        raise InputError(message, hint="Keep what is right.")
    if not 0.5 < confidence < 1.0:
        raise InputError(f"the interval of {name} has the confidence {confidence:g}.", hint="Write 95 % as 0.95.")
    se = max(value - lower, upper - value) / normal_quantile((1.0 + confidence) / 2.0)
    # One row alone has no variance: as a count it says that there is none.
    rows = 1 if n is None else n
    return Estimate(value, se, inf if n is None else n - 1, rows, rows, rows, "identity", "stated")


def _measured(name: str, fields: Mapping[str, Any]) -> Estimate | None:
    """`{"value": 0.9, "n": 200}`, with `se` for what is no proportion, or with an interval."""
    value, n, se = real(fields.get("value")), whole(fields.get("n")), real(fields.get("se"))
    lower, upper, confidence = (real(fields.get(key)) for key in ("lower", "upper", "confidence"))
    metric = known_metric(name)
    if value is None:
        return None
    if n is not None and se is not None:
        return Estimate(value, se, n - 1, n, n, n, "identity", "given") if se > 0 else None
    if n is not None and metric and metric.scale == "wilson" and 0 <= value <= 1:
        return proportion(value, n)
    if lower is not None and upper is not None and confidence is not None:
        return interval(name, value, lower, upper, confidence, n)
    return None


def _reported(report: Mapping[str, Any]) -> Iterator[tuple[Keys, Estimate]]:
    """The shares in a classification_report: recall of the rows of a class, precision of those predicted as it."""
    classes = {
        name: one
        for name, one in report.items()
        if name not in _AVERAGES and isinstance(one, Mapping) and one.keys() >= _CLASS
    }
    total = 0
    for name, one in classes.items():
        support, recall, precision = whole(one["support"]), real(one["recall"]), real(one["precision"])
        if support is None or recall is None or precision is None:
            return
        hits = whole(recall * support, near=1e-6 * support)
        if hits is None:  # weighted rows: their sums are no counts
            return
        total += support
        yield (name, "recall"), proportion(recall, support)
        predicted = whole(hits / precision, near=1e-6 * support) if precision else None
        if predicted:
            yield (name, "precision"), proportion(precision, predicted)
    if total and (accuracy := real(report.get("accuracy"))) is not None:
        yield ("accuracy",), proportion(accuracy, total)


def confused(matrix: object) -> Iterator[tuple[str, Estimate]]:
    """Every metric of labels, from the counts of a square matrix of whole numbers."""
    if not isinstance(matrix, list) or not 2 <= len(matrix) <= _MOST_CLASSES:
        return
    rows = [[whole(cell, zero=True) for cell in row] if isinstance(row, list) else [] for row in matrix]
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


def real(value: object) -> float | None:
    """A finite number; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e300 and isfinite(value) else None


def whole(value: object, near: float = 0.0, *, zero: bool = False) -> int | None:
    """A count, at least 1 unless `zero` is one too; a float stands for one where it is `near` a whole number."""
    number = real(value)
    if number is None or abs(number - round(number)) > near or not (number > 0 or (zero and number == 0)):
        return None
    return round(number)
