"""From predictions to the statement's estimates: the whole table, and slices with the small ones pooled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mlops_actions.evaluate_model.measuring.cuts import OTHER, Cut
from mlops_actions.evidence.evaluation import EstimateRecord, Slice
from mlops_actions.statistics.estimate import Estimate
from mlops_actions.statistics.evaluation import Evaluation, by_slice, evaluate
from mlops_actions.statistics.metrics import known_metric
from mlops_actions.statistics.sample import Sample


def measurable(sample: Sample, metrics: Sequence[str]) -> tuple[list[str], list[str]]:
    """Metrics that both models' predictions allow, and those that only the candidate's do."""
    alone = [name for name in metrics if _allows(sample, name)]
    if sample.champion is None:
        return alone, []
    swapped = replace(sample, candidate=sample.champion, champion=None)
    paired = [name for name in alone if _allows(swapped, name)]
    return paired, [name for name in alone if name not in paired]


def measure(sample: Sample, metrics: Sequence[str]) -> Evaluation:
    """Estimates of the whole table; metrics that the champion's predictions do not allow are the candidate's alone."""
    return _merged(
        evaluate(one, names) if names else Evaluation() for one, names in _with_their_models(sample, metrics)
    )


def measure_slices(
    sample: Sample, metrics: Sequence[str], cut: Cut, table: Evaluation, minimum: int
) -> list[tuple[str, int, Evaluation]]:
    """Value, rows and estimates of every slice, and of `(other)`.

    A slice with fewer than `minimum` rows in a metric's denominator, of either model, is too small for that metric:
    its rows are pooled with those of the other small ones, and `(other)` holds the metric on the pool. The small
    slices keep their own estimates, for people to read. Groups of a protected column are not pooled.
    """
    parts = _by_slice(sample, metrics, cut.codes, len(cut.values), table)
    found = [(value, int(cut.rows[i]), parts[i]) for i, value in enumerate(cut.values)]
    pools: dict[tuple[int, ...], list[str]] = defaultdict(list)
    for name in table.estimates:
        small = tuple(i for i, part in enumerate(parts) if _denominator(part, name) < minimum)
        if small and not cut.protected:
            pools[small].append(name)
    if not pools:
        return found
    pooled = []
    for small, names in pools.items():
        rows = np.flatnonzero(np.isin(np.arange(len(cut.values)), small)[cut.codes])
        pooled += _by_slice(sample.take(rows), names, np.zeros_like(rows), 1, table)
    rows_of_all = int(cut.rows[sorted({i for small in pools for i in small})].sum())
    return [*found, (OTHER, rows_of_all, _merged(pooled))]


def records(estimates: Mapping[str, Estimate], confidence: float) -> dict[str, EstimateRecord]:
    """Estimates as the statement stores them."""
    return {name: EstimateRecord.of(one, confidence) for name, one in estimates.items()}


def slice_document(
    column: str, value: str, rows: int, found: Evaluation, confidence: float, cross: Mapping[str, str] | None = None
) -> Slice:
    """One slice as the statement stores it; `cross` has the value of each part of a cross."""
    return Slice(
        column=column,
        value=value,
        cross=dict(cross or {}),
        n=rows,
        estimates=records(found.estimates, confidence),
        champion=records(found.champion, confidence),
        differences=records(found.differences, confidence),
    )


def _by_slice(
    sample: Sample, metrics: Sequence[str], codes: NDArray[np.intp], slices: int, table: Evaluation
) -> list[Evaluation]:
    both = [by_slice(one, names, codes, slices, table) for one, names in _with_their_models(sample, metrics) if names]
    # Where no metric is estimated from rows, the slices are there all the same.
    return [_merged(parts) for parts in zip([Evaluation()] * slices, *both, strict=True)]


def _with_their_models(sample: Sample, metrics: Sequence[str]) -> list[tuple[Sample, list[str]]]:
    paired, alone = measurable(sample, metrics)
    single = replace(sample, champion=None)
    return [(sample, paired), (single, alone)]


def _allows(sample: Sample, name: str) -> bool:
    model, metric = sample.candidate, known_metric(name)
    if name in model.rows:
        return True
    if metric is None:
        return False
    return getattr(model, "scores" if metric.needs == "probabilities" else metric.needs) is not None


def _denominator(part: Evaluation, name: str) -> int:
    counts = [side[name].n for side in (part.estimates, part.champion) if name in side]
    return min(counts, default=0)


def _merged(parts: Iterable[Evaluation]) -> Evaluation:
    estimates: dict[str, Estimate] = {}
    champion: dict[str, Estimate] = {}
    differences: dict[str, Estimate] = {}
    for part in parts:
        estimates.update(part.estimates)
        champion.update(part.champion)
        differences.update(part.differences)
    return Evaluation(estimates, champion, differences)
