"""From predictions to the statement's estimates: the whole table, and slices with the small ones pooled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlops_actions.errors import InputError
from mlops_actions.evidence.evaluation import EstimateRecord, Slice
from mlops_actions.statistics.estimate import Estimate
from mlops_actions.statistics.evaluation import Evaluation, by_slice, evaluate
from mlops_actions.statistics.metrics import known_metric
from mlops_actions.statistics.sample import Sample
from mlops_actions.tables.interface import Column

MISSING = "(missing)"
OTHER = "(other)"
MOST_SLICES = 1000


@dataclass(frozen=True)
class Cut:
    """The slices of one column."""

    column: str
    codes: NDArray[np.intp]
    """Slice of each row (n,)."""
    values: tuple[str, ...]
    """The column's value in each slice."""
    rows: NDArray[np.intp]
    """Rows of each slice."""


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
    slices keep their own estimates, for people to read.
    """
    parts = _by_slice(sample, metrics, cut.codes, len(cut.values), table)
    found = [(value, int(cut.rows[i]), parts[i]) for i, value in enumerate(cut.values)]
    pools: dict[tuple[int, ...], list[str]] = defaultdict(list)
    for name in table.estimates:
        small = tuple(i for i, part in enumerate(parts) if _denominator(part, name) < minimum)
        if small:
            pools[small].append(name)
    if not pools:
        return found
    pooled = []
    for small, names in pools.items():
        rows = np.flatnonzero(np.isin(np.arange(len(cut.values)), small)[cut.codes])
        pooled += _by_slice(sample.take(rows), names, np.zeros_like(rows), 1, table)
    rows_of_all = int(cut.rows[sorted({i for small in pools for i in small})].sum())
    return [*found, (OTHER, rows_of_all, _merged(pooled))]


def cut_by(name: str, column: Column) -> Cut:
    """The slices of a column: one a value, and `(missing)`.

    Raises InputError where there are too many, or where a value is one of our own names.
    """
    values, codes = _coded(column)
    for taken in {MISSING, OTHER} & set(column.categories or []):
        # A real slice of that name would be judged as the pool, or hidden by it.
        raise InputError(
            f"{name!r} holds the value {taken!r}, which has a meaning here.", where="slices", hint="Rename it."
        )
    if column.valid is not None and not column.valid.all():
        values, codes = [*values, MISSING], np.where(column.valid, codes, len(values))
    rows = np.bincount(codes, minlength=len(values))
    present = np.flatnonzero(rows)
    if len(present) > MOST_SLICES:
        raise InputError(
            f"{name!r} has {len(present):,} different values; slices are for at most {MOST_SLICES:,}.",
            where="slices",
            hint="Add a column with fewer, such as bins or months.",
        )
    places = np.zeros(len(values), dtype=np.intp)
    places[present] = np.arange(len(present))
    return Cut(name, places[codes], tuple(values[i] for i in present), rows[present].astype(np.intp))


def records(estimates: Mapping[str, Estimate], confidence: float) -> dict[str, EstimateRecord]:
    """Estimates as the statement stores them."""
    return {name: EstimateRecord.of(one, confidence) for name, one in estimates.items()}


def slice_document(column: str, value: str, rows: int, found: Evaluation, confidence: float) -> Slice:
    """One slice as the statement stores it."""
    return Slice(
        column=column,
        value=value,
        n=rows,
        estimates=records(found.estimates, confidence),
        champion=records(found.champion, confidence),
        differences=records(found.differences, confidence),
    )


def _by_slice(
    sample: Sample, metrics: Sequence[str], codes: NDArray[np.intp], slices: int, table: Evaluation
) -> list[Evaluation]:
    both = [by_slice(one, names, codes, slices, table) for one, names in _with_their_models(sample, metrics) if names]
    return [_merged(parts) for parts in zip(*both, strict=True)]


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


def _coded(column: Column) -> tuple[list[str], NDArray[np.intp]]:
    if column.categories is not None:
        codes = column.values if column.valid is None else np.where(column.valid, column.values, 0)
        # A table may hold nothing but missing strings.
        return column.categories or [MISSING], codes.astype(np.intp)
    values = column.values
    if column.valid is not None and not column.valid.all():
        # What stands in a gap is arbitrary: a value that is there anyway takes its place.
        values = np.where(column.valid, values, values[column.valid.argmax()])
    distinct, codes = np.unique(values, return_inverse=True)
    return _texts(distinct), codes.astype(np.intp)


def _texts(distinct: NDArray[Any]) -> list[str]:
    if distinct.dtype.kind == "b":
        return ["true" if one else "false" for one in distinct.tolist()]
    if distinct.dtype.kind == "M":
        days = distinct.astype("datetime64[D]")
        return [str(one) for one in (days if (days == distinct).all() else distinct.astype("datetime64[s]"))]
    whole = distinct.dtype.kind == "f" and np.isfinite(distinct).all() and (distinct == np.round(distinct)).all()
    return [str(int(one)) if whole else str(one) for one in distinct.tolist()]
