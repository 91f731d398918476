"""Drift: each named column's distribution over the reference's bins, there and here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import narwhals as nw
import numpy as np

from mlops_actions.errors import InputError, nearest
from mlops_actions.evidence.data_report import Drift
from mlops_actions.statistics.drift.distances import population_stability
from mlops_actions.tables import Column, LogicalType, Scan, Scanned, Table
from mlops_actions.tables.interface import readable_as
from mlops_actions.validate_data.rules import Contract, DriftRule

_BINS = 10
_MOST_CATEGORIES = 20
_SAMPLE = 100_000
"""Rows that place the edges; the shares are then counted over all rows, on both sides."""


@dataclass(frozen=True)
class Bins:
    """How one column is cut, by the reference alone; missing values are a bin of their own."""

    column: str
    cuts: tuple[Any, ...]
    """Numbers and moments: ascending upper edges, the last bin has none. Others: values; the last bin is the rest."""
    ordered: bool

    def counts(self) -> dict[str, nw.Expr]:
        """What a scan has to count; see `shares`."""
        cell = nw.col(self.column)
        return {self._name(place): cell <= cut if self.ordered else cell == cut for place, cut in enumerate(self.cuts)}

    def rows(self, scanned: Scanned) -> list[int]:
        """Rows in each bin: those of the cuts, the last, and the missing (with cells that do not read)."""
        counted = [scanned.counts[self._name(place)] for place in range(len(self.cuts))]
        unreadable = scanned.unreadable[self.column].count if self.column in scanned.unreadable else 0
        missing = scanned.missing[self.column].count + unreadable
        readable = scanned.rows - missing
        if self.ordered:
            return [*np.diff([0, *counted, readable]).tolist(), missing]
        return [*counted, readable - sum(counted), missing]

    def labels(self, *, personal: bool) -> list[str]:
        """One name a bin; of a personal column only its number, since cuts are values."""
        if personal:
            return [f"bin {place + 1}" for place in range(len(self.cuts) + 1)] + ["missing"]
        shown = [_shown(cut) for cut in self.cuts]
        if not self.ordered:
            return [*shown, "(other)", "(missing)"]
        between = [f"{low} to {high}" for low, high in pairwise(shown)]
        first, last = ([f"up to {shown[0]}"], f"above {shown[-1]}") if shown else ([], "(any)")
        return [*first, *between, last, "(missing)"]

    def _name(self, place: int) -> str:
        return f"drift:{self.column}:{place}"


@dataclass(frozen=True)
class Baseline:
    """The reference, cut into bins and counted."""

    types: Mapping[str, LogicalType]
    bins: Mapping[str, Bins]
    rows: Mapping[str, list[int]]

    def question(self, data: Table) -> Scan:
        """What the data's scan has to find out."""
        columns = _comparable(self, data)
        counts = {name: count for column in columns for name, count in self.bins[column].counts().items()}
        return Scan(types={column: self.types[column] for column in columns}, counts=counts)


def read_baseline(contract: Contract, reference: Table) -> Baseline:
    """Cut and count the contract's drift columns; InputError where the reference cannot serve."""
    columns = list(dict.fromkeys(column for rule in contract.drift for column in rule.columns))
    if not columns:
        return Baseline({}, {}, {})
    if not reference.row_count():
        raise InputError("the reference holds no rows.", where=reference.location)
    types = {column: _type(column, contract, reference) for column in columns}
    sample = reference.arrays(columns, types=types, sample=_SAMPLE)
    bins = {column: _cut(column, types[column], sample[column]) for column in columns}
    counts = {name: count for one in bins.values() for name, count in one.counts().items()}
    scanned = reference.scan(Scan(types=types, counts=counts))
    return Baseline(types, bins, {column: one.rows(scanned) for column, one in bins.items()})


def judge_drift(contract: Contract, data: Table, baseline: Baseline | None, scanned: Scanned) -> list[Drift]:
    """One entry for each column of each drift rule; without a baseline none of them is checked."""
    return [
        _judge(column, rule, contract, data, baseline, scanned) for rule in contract.drift for column in rule.columns
    ]


def _judge(
    column: str, rule: DriftRule, contract: Contract, data: Table, baseline: Baseline | None, scanned: Scanned
) -> Drift:
    empty = Drift(
        column=column,
        method=rule.method,
        value=None,
        limit=rule.limit,
        result="not-checked",
        severity=rule.severity,
        where=rule.where,
    )
    if baseline is None:
        return empty
    if column not in _comparable(baseline, data):
        return empty.model_copy(update={"result": "fail"})
    bins = baseline.bins[column]
    reference, current = baseline.rows[column], bins.rows(scanned)
    found = population_stability(reference, current)
    personal = any(one.personal for one in contract.properties if one.name == column)
    return Drift(
        column=column,
        method=rule.method,
        value=found.excess,
        noise=found.floor,
        limit=rule.limit,
        result="pass" if found.excess <= rule.limit else "fail",
        severity=rule.severity,
        where=rule.where,
        bins=bins.labels(personal=personal),
        shares=_shares(current),
        reference_shares=_shares(reference),
    )


def describe(drift: Drift) -> str:
    """What happened to the column, in one sentence."""
    if drift.result == "not-checked":
        return f"drift of {drift.column!r} was not checked: no reference was given."
    if drift.value is None:
        return f"{drift.column!r} cannot be compared with the reference: the data lacks it or stores another type."
    moves = [here - there for here, there in zip(drift.shares, drift.reference_shares, strict=True)]
    most = max(range(len(moves)), key=lambda place: abs(moves[place]))
    there, here = drift.reference_shares[most], drift.shares[most]
    return (
        f"{drift.column!r} moved by {drift.method.upper()} {drift.value:.3f} above noise ({drift.noise:.3f}), "
        f"limit {drift.limit:g}; most at {drift.bins[most]!r}: {there:.1%} became {here:.1%}."
    )


def _comparable(baseline: Baseline, data: Table) -> list[str]:
    """The columns that the data has and that read as they do in the reference."""
    return [
        column
        for column, type_ in baseline.types.items()
        if column in data.stored and readable_as(data.stored[column], type_)
    ]


def _type(column: str, contract: Contract, reference: Table) -> LogicalType:
    if column not in reference.stored:
        hint = nearest(column, reference.stored)
        raise InputError(f"the reference has no column {column!r}.", where=reference.location, hint=hint)
    declared = next((one.type for one in contract.properties if one.name == column and one.type), None)
    type_ = declared or reference.columns[column]
    if not readable_as(reference.stored[column], type_):
        stored = reference.stored[column]
        raise InputError(f"the reference stores {column!r} as {stored}, not {type_}.", where=reference.location)
    return type_


def _cut(column: str, type_: LogicalType, sample: Column) -> Bins:
    values = sample.values if sample.valid is None else sample.values[sample.valid]
    if sample.categories is not None:
        codes, counts = np.unique(values, return_counts=True)
        kept = codes[np.argsort(-counts, kind="stable")][:_MOST_CATEGORIES]
        return Bins(column, tuple(sample.categories[code] for code in kept), ordered=False)
    if type_ == "boolean":
        return Bins(column, (False, True), ordered=False)
    if not len(values):
        return Bins(column, (), ordered=True)
    distinct = np.unique(values)
    if len(distinct) > _BINS:
        middle = np.arange(1, _BINS) / _BINS
        distinct = np.unique(np.quantile(values, middle, method="inverted_cdf"))
    return Bins(column, tuple(distinct.tolist()), ordered=True)


def _shares(rows: Sequence[int]) -> list[float]:
    return [count / sum(rows) for count in rows]


def _shown(cut: Any) -> str:
    return f"{cut:.6g}" if isinstance(cut, float) else str(cut)
