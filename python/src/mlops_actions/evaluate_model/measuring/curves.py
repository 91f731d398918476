"""The curves of both models, as the statement stores them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlops_actions.evaluate_model.rows.target import Label, shown
from mlops_actions.evidence.curves import Band, Bin, Confusion, Curve, Curves, Histogram, ModelCurves, WorstRow
from mlops_actions.statistics import curves
from mlops_actions.statistics.sample import Predictions, Sample

OTHER = "(other)"


def curves_of(sample: Sample, classes: Sequence[Label], confidence: float) -> Curves:
    """What a report draws of these predictions. `classes` are the labels of the sample's codes."""
    rows = sample.weighing
    weighing = sample if rows is None else sample.take(rows)
    other = weighing.champion
    return Curves(
        candidate=_model(weighing, weighing.candidate, classes, confidence),
        champion=None if other is None else _model(weighing, other, classes, confidence),
        residuals=_residuals(weighing),
        worst=_worst(sample, classes),
    )


def _model(sample: Sample, model: Predictions, classes: Sequence[Label], confidence: float) -> ModelCurves:
    if model.values is not None:
        return ModelCurves(bands=_bands(sample, model.values))
    assert model.labels is not None
    weights = sample.sampling.weights
    matrix = curves.confusion(sample.truth, model.labels, max(len(classes), 2), weights)
    labels = [shown(classes[code]) for code in matrix.classes]
    labels += [OTHER] * (len(matrix.counts) - len(labels))
    confusion = Confusion(labels=labels, counts=[_rounded(line) for line in matrix.counts])
    if model.scores is None:
        return ModelCurves(confusion=confusion)
    reliability = _reliability(sample, model, confidence)
    if sample.task == "multiclass":
        return ModelCurves(confusion=confusion, reliability=reliability)
    ranking = curves.Ranking.of(sample.truth, model.scores, model.order, weights)
    spread = curves.score_histogram(sample.truth, model.scores, weights, probabilities=model.are_probabilities)
    shares = {"negative": _rounded(spread.negatives), "positive": _rounded(spread.positives)}
    return ModelCurves(
        roc=_curve(ranking.roc()),
        precision_recall=_curve(ranking.precision_recall()),
        reliability=reliability,
        scores=Histogram(edges=_rounded(spread.edges), shares=shares),
        confusion=confusion,
    )


def _reliability(sample: Sample, model: Predictions, confidence: float) -> list[Bin]:
    if not model.are_probabilities or model.scores is None or model.labels is None:
        return []
    chance, event = model.scores, sample.truth
    if sample.task == "multiclass":
        chance = model.scores.max(axis=1) / model.scores.sum(axis=1)
        event = (model.labels == sample.truth).astype(np.intp)
    return [
        Bin(
            n=one.n,
            predicted=_digits(one.predicted),
            observed=_digits(one.observed.value),
            lower=_bound(one.observed.lower(confidence)),
            upper=_bound(one.observed.upper(confidence)),
        )
        for one in curves.reliability(chance, event, sample.sampling)
    ]


def _curve(curve: curves.Curve | None) -> Curve | None:
    if curve is None:
        return None
    thresholds = [_bound(one) for one in curve.thresholds.tolist()]
    return Curve(x=_rounded(curve.x), y=_rounded(curve.y), thresholds=thresholds, area=_digits(curve.area))


def _bands(sample: Sample, values: NDArray[Any]) -> list[Band]:
    if not _spans_are_finite(sample, [values]):
        return []
    return [
        Band(n=one.n, predicted=_digits(one.predicted), quantiles=_rounded(one.quantiles))
        for one in curves.bands(values, sample.truth, sample.sampling.weights)
    ]


def _residuals(sample: Sample) -> Histogram | None:
    models = {"candidate": sample.candidate, "champion": sample.champion}
    values = {name: model.values for name, model in models.items() if model and model.values is not None}
    if not values or not _spans_are_finite(sample, list(values.values())):
        return None
    found = curves.residual_histogram([one - sample.truth for one in values.values()], sample.sampling.weights)
    shares = {name: _rounded(one) for name, one in zip(values, found.shares, strict=True)}
    return Histogram(edges=_rounded(found.edges), shares=shares)


def _spans_are_finite(sample: Sample, values: Sequence[NDArray[Any]]) -> bool:
    """Whether differences stay numbers; without it there is nothing to draw."""
    largest = [float(np.abs(one).max()) for one in (sample.truth, *values)]
    return isfinite(4.0 * max(largest))


def _worst(sample: Sample, classes: Sequence[Label]) -> list[WorstRow]:
    loss = _loss(sample)
    if loss is None:
        return []
    weights = sample.sampling.weights
    rows = curves.worst_rows(loss if weights is None else np.where(weights > 0, loss, 0.0))
    truth = _texts(sample.truth[rows], classes)
    candidate = _outputs(sample.task, sample.candidate.take(rows), classes)
    champion = _outputs(sample.task, sample.champion.take(rows), classes) if sample.champion else [None] * len(rows)
    return [
        WorstRow(row=int(row), truth=true, prediction=own, loss=_digits(loss[row]), champion=other)
        for row, true, own, other in zip(rows, truth, candidate, champion, strict=True)
    ]


def _loss(sample: Sample) -> NDArray[np.float64] | None:
    """Each row's loss; None where predictions are labels alone, which are right or wrong but not more so."""
    model = sample.candidate
    if model.values is not None:
        return np.abs(model.values - sample.truth) if _spans_are_finite(sample, [model.values]) else None
    if model.scores is None or not model.are_probabilities:
        return None
    if sample.task == "binary":
        chance = np.where(sample.truth == 1, model.scores, 1.0 - model.scores)
    else:
        chance = model.scores[np.arange(len(sample.truth)), sample.truth] / model.scores.sum(axis=1)
    # Adding 0 turns the loss of a sure and right prediction, -0, into 0.
    return np.asarray(0.0 - np.log(np.maximum(chance, np.finfo(np.float64).tiny)) + 0.0)


def _outputs(task: str, model: Predictions, classes: Sequence[Label]) -> list[float | str]:
    if model.values is not None:
        return _texts(model.values, ())
    if task == "binary" and model.scores is not None:
        return _texts(model.scores, ())
    assert model.labels is not None
    return _texts(model.labels, classes)


def _texts(values: NDArray[Any], classes: Sequence[Label]) -> list[float | str]:
    """Codes as their labels; numbers stay numbers, where there are no classes."""
    return [shown(classes[one]) if classes else _digits(one) for one in values.tolist()]


def _rounded(values: Iterable[float]) -> list[float]:
    return [_digits(one) for one in values]


def _digits(value: float) -> float:
    return float(f"{value:.6g}")


def _bound(value: float) -> float | None:
    return _digits(value) if isfinite(value) else None
