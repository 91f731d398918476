"""From rows to estimates: the whole table, slices, pairs of slices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from mlops_actions.statistics.clusters import Codes
from mlops_actions.statistics.estimate import Estimate
from mlops_actions.statistics.estimating import differences_of, estimates_of
from mlops_actions.statistics.frame import Frame
from mlops_actions.statistics.influence import Influence
from mlops_actions.statistics.metrics import Metric
from mlops_actions.statistics.rows import Rows
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
    chosen = [sample.metric(name) for name in metrics]
    plain = Rows.of(sample, frame)
    for metric in chosen:
        name, rows = metric.name, plain.seen_by(metric)
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


def linearise(frame: Frame, sample: Sample, metric: Metric, model: Predictions) -> Influence:
    """The influence of every row of the sample on one metric of one model."""
    return Rows.of(sample, frame).influence(metric, model, None)
