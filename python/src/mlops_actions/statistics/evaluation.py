"""From rows to estimates: the whole table, slices, pairs of slices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlops_actions.statistics.clusters import Codes, Floats
from mlops_actions.statistics.estimate import Estimate
from mlops_actions.statistics.frame import Frame
from mlops_actions.statistics.influence import Denominators, Influence, Spread
from mlops_actions.statistics.metrics import METRICS, Metric, confusion
from mlops_actions.statistics.metrics.functions import CONFUSION, NUMERIC, PROBABILITY, SCORED
from mlops_actions.statistics.metrics.scores import Classes, Ranked
from mlops_actions.statistics.sample import Predictions, Sample


@dataclass(frozen=True)
class Evaluation:
    """Estimates by metric name: of the candidate, of the champion, and candidate - champion on the same rows."""

    estimates: Mapping[str, Estimate] = field(default_factory=dict)
    """The candidate's."""
    champion: Mapping[str, Estimate] = field(default_factory=dict)
    """The champion's; empty without one."""
    differences: Mapping[str, Estimate] = field(default_factory=dict)
    """Paired differences; empty without a champion."""


def evaluate(sample: Sample, metrics: Sequence[str]) -> Evaluation:
    """Estimate metrics on all rows, with cluster-robust standard errors (Binder 1983; Bell & McCaffrey 2002).

    Raises ValueError for an unknown metric, one of another task, or one whose predictions are missing.

    >>> truth = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    >>> labels = np.array([0, 0, 0, 1, 1, 1, 1, 0])
    >>> found = evaluate(Sample("binary", truth, Predictions(labels)), ["accuracy", "recall"])
    >>> found.estimates["accuracy"].value, found.estimates["recall"].n
    (0.75, 4)
    """
    rows = sample.weighing
    sample = sample if rows is None else sample.take(rows)
    return _evaluate(sample, metrics, Frame.of(sample.sampling), None)[0]


def by_slice(sample: Sample, metrics: Sequence[str], codes: Codes, slices: int, table: Evaluation) -> list[Evaluation]:
    """Estimate metrics in every slice at once; element i belongs to the rows with code i.

    `codes` are 0 … slices - 1 (n,). `table` is the evaluation of all rows: where a slice's proportion is 0 or 1, its
    design effect stands in for the slice's own, which cannot be seen there.

    >>> truth = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    >>> sample = Sample("binary", truth, Predictions(np.array([0, 0, 0, 1, 1, 1, 1, 0])))
    >>> table = evaluate(sample, ["accuracy"])
    >>> parts = by_slice(sample, ["accuracy"], np.array([0, 1] * 4), 2, table)
    >>> [part.estimates["accuracy"].value for part in parts]
    [1.0, 0.5]
    """
    if codes.shape != (len(sample.truth),) or (len(codes) and not (codes.min() >= 0 and codes.max() < slices)):
        raise ValueError(f"slice codes must be {len(sample.truth)} numbers from 0 to {slices - 1}")
    rows = sample.weighing
    sample, codes = (sample, codes) if rows is None else (sample.take(rows), codes[rows])
    return _evaluate(sample, metrics, Frame.of(sample.sampling, codes.astype(np.intp, copy=False), slices), table)


# Numbers beyond a float's range, and groups that weigh nothing, end as NaN, which no bound hides.
@np.errstate(all="ignore")
def _evaluate(sample: Sample, metrics: Sequence[str], frame: Frame, table: Evaluation | None) -> list[Evaluation]:
    whole = table or Evaluation()
    found: list[tuple[dict[str, Estimate], dict[str, Estimate], dict[str, Estimate]]] = [
        ({}, {}, {}) for _ in range(frame.groups)
    ]
    chosen = [check_metric(sample, name) for name in metrics]
    whole_rows = Rows(frame, sample.truth, sample)
    merged = Rows.of(sample, frame, merge=any(metric.needs == "labels" for metric in chosen))
    for metric in chosen:
        name, rows = metric.name, merged if metric.needs == "labels" else whole_rows
        candidate = rows.influence(metric, sample.candidate, 0)
        columns = [estimates_of(rows.frame, metric, candidate, whole.estimates.get(name))]
        if sample.champion is not None:
            champion = rows.influence(metric, sample.champion, 1)
            columns.append(estimates_of(rows.frame, metric, champion, whole.champion.get(name)))
            columns.append(differences_of(rows.frame, metric, candidate, champion, whole.differences.get(name)))
        for column, estimates in enumerate(columns):
            for group, estimate in enumerate(estimates):
                found[group][column][name] = estimate
    return [Evaluation(*parts) for parts in found]


def check_metric(sample: Sample, name: str) -> Metric:
    """The metric of this name; raises ValueError where it cannot be computed from this sample."""
    metric = METRICS.get(name)
    if metric is None:
        raise ValueError(f"unknown metric {name!r}")
    if sample.task not in metric.tasks:
        raise ValueError(f"{name} is not defined for {sample.task}")
    for model in (sample.candidate, sample.champion):
        if model is None:
            continue
        wanted = "scores" if metric.needs == "probabilities" else metric.needs
        if getattr(model, wanted) is None:
            raise ValueError(f"{name} needs predicted {wanted}")
        if metric.needs == "probabilities" and not model.are_probabilities:
            raise ValueError(f"{name} needs probabilities, found scores outside 0 … 1")
    return metric


def linearise(frame: Frame, sample: Sample, metric: Metric, model: Predictions) -> Influence:
    """The influence of every row of the sample on one metric of one model."""
    return Rows(frame, sample.truth, sample).influence(metric, model, None)


@dataclass(frozen=True)
class Rows:
    """Rows as they are, or runs of rows that share truth and labels, which is all that label metrics look at."""

    frame: Frame
    truth: NDArray[Any]
    sample: Sample
    labels: tuple[Codes, ...] = ()
    """Labels of candidate and champion for each run; empty where rows are as they are."""
    ranked: dict[int, Ranked] = field(default_factory=dict)
    """The rows in the order of a model's scores, by the model's identity."""

    @classmethod
    def of(cls, sample: Sample, frame: Frame, *, merge: bool) -> Rows:
        """The sample's rows in this frame, merged into runs where that is asked for and makes them fewer."""
        models = [model for model in (sample.candidate, sample.champion) if model is not None]
        plain = cls(frame, sample.truth, sample)
        if not merge or any(model.labels is None for model in models):
            return plain
        parts = [sample.truth, *(model.labels for model in models if model.labels is not None)]
        dims = (sample.classes,) * len(parts)
        merged = frame.collapse(np.ravel_multi_index(parts, dims), sample.classes ** len(parts))
        if merged is None:
            return plain
        truth, *labels = np.unravel_index(merged[1], dims)
        return cls(merged[0], truth, sample, tuple(labels))

    def influence(self, metric: Metric, model: Predictions, column: int | None) -> Influence:
        """The metric of one model, linearised; `column` is 0 for the candidate, 1 for the champion."""
        labels = self.labels[column] if self.labels and column is not None else model.labels
        if metric.name in CONFUSION and labels is not None:
            return confusion.influence(self.frame, self.truth, labels, self.sample.classes, CONFUSION[metric.name])
        if metric.name in SCORED and model.scores is not None:
            return SCORED[metric.name](self._rank(model, model.scores))
        if metric.name in PROBABILITY and model.scores is not None:
            return PROBABILITY[metric.name](self._everything, self.truth, model.scores)
        if model.values is not None:
            return NUMERIC[metric.name](self._everything, self.truth, model.values)
        raise ValueError(f"{metric.name} cannot be computed from these predictions")

    def _rank(self, model: Predictions, scores: Floats) -> Ranked:
        """The rows ranked by this model, sorted once for all metrics."""
        if id(model) not in self.ranked:
            self.ranked[id(model)] = Ranked(self._classes, scores, model.order)
        return self.ranked[id(model)]

    @cached_property
    def _classes(self) -> Classes:
        return Classes(self.frame, self.truth == 1)

    @cached_property
    def _everything(self) -> Denominators:
        return Denominators.everything(self.frame)


def estimates_of(frame: Frame, metric: Metric, influence: Influence, whole: Estimate | None) -> list[Estimate]:
    """One estimate a group; `whole` is the table's, for its design effect."""
    spread = influence.base.spread(influence.slope)
    naive = influence.value * (1.0 - influence.value) if metric.scale == "wilson" else None
    effective = _effective_rows(spread, naive, whole)
    return [
        _estimate(metric.scale, metric.method, influence.value[g], spread, effective, g) for g in range(frame.groups)
    ]


def differences_of(
    frame: Frame, metric: Metric, candidate: Influence, champion: Influence, whole: Estimate | None
) -> list[Estimate]:
    """Candidate - champion, one estimate a group: a row's influence is the difference of its two."""
    value = candidate.value - champion.value
    shared = metric.difference == "tango" or candidate.base is champion.base
    base = candidate.base if shared else Denominators(frame, (*candidate.base.shares, *champion.base.shares))
    spread = base.spread(candidate.slope - champion.slope)
    if metric.difference != "tango" or candidate.hit is None or champion.hit is None:
        effective = _effective_rows(spread, None, whole)
        return [_estimate("identity", "paired", value[g], spread, effective, g) for g in range(frame.groups)]
    share = base.shares[0]
    gained = frame.total(share * (candidate.hit > champion.hit))
    lost = frame.total(share * (candidate.hit < champion.hit))
    effective = _effective_rows(spread, gained + lost - np.square(gained - lost), whole)
    return [
        _estimate("tango", "tango", value[g], spread, effective, g, float(gained[g]), float(lost[g]))
        for g in range(frame.groups)
    ]


def _effective_rows(spread: Spread, naive: Floats | None, whole: Estimate | None) -> Floats:
    """Rows over the design effect: how many independent rows would vary as much.

    A proportion compares its variance with that of independent rows, `naive` / n. Where it is 0 or 1 the variance
    says nothing: the table's design effect takes over, and without one a cluster counts as one row.
    """
    rows = spread.rows.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        if naive is None:
            found = rows * spread.independent / spread.variance
            return np.where(spread.variance > 0, np.minimum(found, rows), spread.effective)
        seen = (naive > 1e-12) & (spread.variance > 0)
        found = np.minimum(np.where(seen, naive / spread.variance, 0.0), rows)
    least = np.minimum(spread.effective, rows)
    informed = whole is not None and whole.n_effective > 0 and isfinite(whole.se) and whole.se > 0
    effect = whole.n / whole.n_effective if whole is not None and informed else np.inf
    return np.where(seen, found, np.clip(rows / effect, least, rows))


def _estimate(
    scale: str,
    method: str,
    value: float,
    spread: Spread,
    effective: Floats,
    group: int,
    gained: float | None = None,
    lost: float | None = None,
) -> Estimate:
    variance, value = float(spread.variance[group]), float(value)
    se = float(np.sqrt(variance)) if variance > 0 else variance * 0.0
    return Estimate(
        value=value,
        # What is left of a standard error by rounding is no standard error.
        se=0.0 if se <= 1e-13 * abs(value) else se,
        df=max(float(spread.effective[group]) - 1.0, 0.0),
        n=int(spread.rows[group]),
        n_effective=float(effective[group]),
        clusters=int(spread.clusters[group]),
        scale=scale,
        method=method,
        gained=gained,
        lost=lost,
    )
