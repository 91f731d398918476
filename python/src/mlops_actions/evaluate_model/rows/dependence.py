"""A warning where no cluster is named and rows hang together all the same: they share a day, a week or a key."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlops_actions.evaluate_model.rows.clusters import DATE, WEEK, days, weeks
from mlops_actions.evidence import Reason
from mlops_actions.evidence.evaluation import Dependence as Found
from mlops_actions.statistics.clusters import Codes, Floats, encode, sums
from mlops_actions.statistics.dependence import Dependence, Values
from mlops_actions.statistics.estimate import MIN_CLUSTERS
from mlops_actions.statistics.evaluation import linearise
from mlops_actions.statistics.families import holm
from mlops_actions.statistics.frame import Frame
from mlops_actions.statistics.sample import Sample
from mlops_actions.tables.interface import Column, LogicalType

ALPHA = 0.01
"""Chance of any warning where rows are independent."""
NARROWNESS = 1.1
"""An interval that is less than this many times too narrow is not worth a warning."""
_LOSSES, _SHARES = ("log_loss", "mae", "mse", "accuracy"), ("recall", "recall_macro")
"""A loss shows that all errors of a group are large; a share of one class, that they go the same way."""
_KEY = re.compile(
    r"(?:^|[^a-z])(?:id|key|uid|uuid|guid|number|user|customer|client|patient|subject|account|session|device"
    r"|household|person|member|visitor)$|[a-z]I[dD]$",
)


@dataclass(frozen=True)
class _Candidate:
    """A way in which rows may hang together, and a metric to see it by."""

    cluster: str
    metric: str
    tested: Dependence
    """What the p-value is of; of weeks it is that days of one week are alike."""
    seen: Dependence
    """Correlation and design effect of the rows."""


def is_candidate(name: str, known: Mapping[str, LogicalType], read: Collection[str]) -> bool:
    """Whether rows may hang together by a column: dates, what is named like a key, and text that is `read` anyway.

    >>> known = {"sold": "date", "price": "number", "user_id": "number", "place": "string"}
    >>> [name for name in known if is_candidate(name, known, read=["price", "place"])]
    ['sold', 'user_id', 'place']
    """
    if known[name] in ("date", "timestamp"):
        return True
    if known[name] in ("integer", "number", "string") and _is_named_like_a_key(name):
        return True
    return known[name] == "string" and name in read


def find_dependence(sample: Sample, keys: Mapping[str, Column], metrics: Collection[str]) -> list[Found]:
    """The columns by which rows err alike, the worst first; Holm's test over all of them (1979).

    `keys` are the candidates among the columns of the sample's rows, `metrics` what was estimated of the candidate.
    """
    if sample.sampling.columns:
        return []
    kept = sample.weighing
    rows = _Rows.of(sample if kept is None else sample.take(kept), metrics)
    offered = [one for name, column in keys.items() for one in rows.candidates(name, column, kept)]
    # Two columns that group the rows alike, such as a day and a time of departure, are one: the first.
    candidates = list({(one.metric, one.seen): one for one in reversed(offered) if _is_enough(one)}.values())[::-1]
    rejected = holm([one.tested.p_value for one in candidates], ALPHA)
    shown = [one for one, dependent in zip(candidates, rejected, strict=True) if dependent]
    weekly = {one.cluster.removesuffix(f".{WEEK}") for one in shown if one.cluster.endswith(f".{WEEK}")}
    worst: dict[str, _Candidate] = {}
    for one in sorted(shown, key=lambda one: -one.seen.design_effect):
        if one.seen.narrowness >= NARROWNESS and one.cluster.removesuffix(f".{DATE}") not in weekly:
            worst.setdefault(one.cluster, one)
    return [_found(one) for one in worst.values()]


def warnings_of(found: list[Found]) -> list[Reason]:
    """The line to add, and why; nothing where nothing was found."""
    if not found:
        return []
    worst = found[0]
    message = (
        f"Rows of one {_named(worst.cluster)} err alike: the intra-class correlation is "
        f"{worst.correlation:.2g} in {worst.groups:,} groups, which makes the interval of {worst.metric} about "
        f"{sqrt(worst.design_effect):.1f} times too narrow. Add `cluster: {worst.cluster}`."
    )
    if others := [f"{one.cluster} ({sqrt(one.design_effect):.1f} times)" for one in found[1:4]]:
        message += f" Also seen for {', '.join(others)}."
    return [Reason(code="rows-dependent", message=message, where="cluster", warning=True)]


class _Rows:
    """The influences of rows on some metrics, looked at by one column after another."""

    def __init__(self, influences: Mapping[str, Floats]) -> None:
        self._values = {metric: Values(influence) for metric, influence in influences.items()}
        self._influences = influences

    @classmethod
    def of(cls, sample: Sample, metrics: Collection[str]) -> _Rows:
        """By a loss and by a share, as far as they were estimated; by the first of scores that were made elsewhere."""
        # A metric that the champion's predictions do not allow is the candidate's all the same.
        sample, frame, found = replace(sample, champion=None), Frame.of(sample.sampling), {}
        for names in [tuple(metrics)] if sample.task == "scores" else (_LOSSES, _SHARES):
            metric = next((name for name in names if name in metrics), None)
            if metric is not None:
                influence = linearise(frame, sample, sample.metric(metric), sample.candidate).slope
                found[metric] = influence if frame.weight is None else influence * frame.weight
        return cls({metric: influence for metric, influence in found.items() if np.isfinite(influence).all()})

    def take(self, rows: NDArray[np.bool_]) -> _Rows:
        """These rows alone."""
        return _Rows({metric: influence[rows] for metric, influence in self._influences.items()})

    def candidates(self, name: str, column: Column, kept: Codes | None) -> Iterator[_Candidate]:
        """What a column offers; rows without its value are left out."""
        cells = column.values if kept is None else column.values[kept]
        valid = column.valid if kept is None or column.valid is None else column.valid[kept]
        rows = self
        if valid is not None and not valid.all():
            cells, rows = cells[valid], self.take(valid)
        if not len(cells):
            return
        if cells.dtype.kind == "M":
            yield from rows.by_calendar(name, cells)
        elif (coded := _codes(name, cells, column.categories)) is not None:
            yield from rows.by_key(name, *coded)

    def by_key(self, cluster: str, codes: Codes, size: int) -> Iterator[_Candidate]:
        """Rows with equal codes."""
        for metric, values in self._values.items():
            found = values.dependence(codes, size)
            yield _Candidate(cluster, metric, found, found)

    def by_calendar(self, name: str, cells: NDArray[Any]) -> Iterator[_Candidate]:
        """By day; and by week, for which the test is whether the days of a week have more in common than others."""
        day, first = _numbered(days(cells))
        week, _first = _numbered(weeks(first))
        weeks_of_rows, size = week[day], int(week.max()) + 1
        whole = (cells.astype("datetime64[D]") == cells).all()
        yield from self.by_key(name if whole else f"{name}.{DATE}", day, len(first))
        roots = np.sqrt(sums(day, None, len(first)))
        for metric, values in self._values.items():
            influence = self._influences[metric]
            # Under independence every day's value has the same variance.
            by_day = Values(sums(day, influence - influence.mean(), len(first)) / roots)
            seen = values.dependence(weeks_of_rows, size)
            yield _Candidate(f"{name}.{WEEK}", metric, by_day.dependence(week, size), seen)


def _is_named_like_a_key(name: str) -> bool:
    return _KEY.search(name if name.upper() != name else name.lower()) is not None


def _numbered(numbers: NDArray[np.int64]) -> tuple[Codes, NDArray[np.int64]]:
    """Codes 0 … k - 1 of numbers, and the number of each code; by counting, where they lie close together."""
    low = int(numbers.min())
    width = int(numbers.max()) - low + 1
    if width > 4 * len(numbers) + 1024:
        codes, values = encode(numbers)
        return codes, values
    offsets = numbers - low
    present = np.bincount(offsets, minlength=width) > 0
    return (np.cumsum(present) - 1)[offsets], np.flatnonzero(present) + low


def _codes(name: str, cells: NDArray[Any], categories: list[str] | None) -> tuple[Codes, int] | None:
    """The rows' keys; None where the column is rather a category or a measurement."""
    if categories is not None:
        # Few values are a category, whose rows were not drawn together; many that repeat are whose rows they are.
        if len(categories) < sqrt(len(cells)) and not _is_named_like_a_key(name):
            return None
        return cells.astype(np.intp), len(categories)
    if cells.dtype.kind == "f":
        whole = cells.astype(np.int64) if np.abs(cells).max() < 2**53 else cells
        if not (whole == cells).all():
            return None
        cells = whole
    codes, values = _numbered(cells.astype(np.int64))
    return codes, len(values)


def _is_enough(one: _Candidate) -> bool:
    return MIN_CLUSTERS <= one.seen.groups < one.seen.rows


def _named(cluster: str) -> str:
    column, _, part = cluster.rpartition(".")
    return {DATE: f"day of {column!r}", WEEK: f"week of {column!r}"}.get(part, repr(cluster))


def _found(one: _Candidate) -> Found:
    return Found(
        cluster=one.cluster,
        metric=one.metric,
        correlation=one.seen.correlation,
        design_effect=one.seen.design_effect,
        groups=one.seen.groups,
        p_value=one.tested.p_value,
    )
