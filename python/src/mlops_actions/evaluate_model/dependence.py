"""A warning where no cluster is named and rows hang together all the same: they share a day, a week or a key."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlops_actions.evaluate_model.clusters import DATE, WEEK, days, weeks
from mlops_actions.evidence import Reason
from mlops_actions.evidence.evaluation import Dependence as Found
from mlops_actions.statistics.clusters import Codes, Floats, encode, sums
from mlops_actions.statistics.dependence import Dependence, Values
from mlops_actions.statistics.estimate import MIN_CLUSTERS
from mlops_actions.statistics.evaluation import linearise
from mlops_actions.statistics.families import holm
from mlops_actions.statistics.frame import Frame
from mlops_actions.statistics.metrics import METRICS
from mlops_actions.statistics.sample import Sample
from mlops_actions.tables.interface import Column, LogicalType

ALPHA = 0.01
"""Chance of any warning where rows are independent."""
NARROWNESS = 1.1
"""An interval that is less than this many times too narrow is not worth a warning."""
_PREFERRED = ("log_loss", "mae", "accuracy")
_KEY = re.compile(
    r"(?:^|[^a-z])(?:id|key|uid|uuid|guid|number|user|customer|client|patient|subject|account|session|device"
    r"|household|person|member|visitor)$|[a-z]I[dD]$",
)


@dataclass(frozen=True)
class _Candidate:
    """A way in which rows may hang together."""

    cluster: str
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
    metric = next((name for name in _PREFERRED if name in metrics), next(iter(metrics), None))
    if metric is None or sample.sampling.columns:
        return []
    kept = sample.weighing
    sample = sample if kept is None else sample.take(kept)
    frame = Frame.of(sample.sampling)
    influence = linearise(frame, sample, METRICS[metric], sample.candidate).slope
    influence = influence if frame.weight is None else influence * frame.weight
    if not np.isfinite(influence).all():
        return []
    looked_at = _Rows(influence)
    offered = [one for name, column in keys.items() for one in looked_at.candidates(name, column, kept)]
    # Two columns that group the rows alike, such as a day and a time of departure, are one: the first.
    candidates = list({one.seen: one for one in reversed(offered) if _is_enough(one)}.values())[::-1]
    rejected = holm([one.tested.p_value for one in candidates], ALPHA)
    shown = [one for one, dependent in zip(candidates, rejected, strict=True) if dependent]
    weekly = {one.cluster.removesuffix(f".{WEEK}") for one in shown if one.cluster.endswith(f".{WEEK}")}
    shown = [one for one in shown if one.cluster.removesuffix(f".{DATE}") not in weekly]
    worst = sorted(shown, key=lambda one: -one.seen.design_effect)
    return [_found(one, metric) for one in worst if one.seen.narrowness >= NARROWNESS]


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
    """The influences of rows, looked at by one column after another."""

    def __init__(self, influence: Floats) -> None:
        self._influence = influence
        self._values = Values(influence)

    def candidates(self, name: str, column: Column, kept: Codes | None) -> Iterator[_Candidate]:
        """What a column offers; rows without its value are left out."""
        cells = column.values if kept is None else column.values[kept]
        valid = column.valid if kept is None or column.valid is None else column.valid[kept]
        influence, values = self._influence, self._values
        if valid is not None and not valid.all():
            cells, influence = cells[valid], influence[valid]
            values = Values(influence)
        if cells.dtype.kind == "M":
            yield from _calendar(name, cells, influence, values)
        elif (coded := _codes(name, cells, column.categories)) is not None:
            found = values.dependence(*coded)
            yield _Candidate(name, found, found)


def _calendar(name: str, cells: NDArray[Any], influence: Floats, values: Values) -> Iterator[_Candidate]:
    """By day; and by week, for which the test is whether the days of a week have more in common than others."""
    if not len(cells):
        return
    day, first = _numbered(days(cells))
    dated = cells.astype("datetime64[D]") == cells
    found = values.dependence(day, len(first))
    yield _Candidate(name if dated.all() else f"{name}.{DATE}", found, found)
    counts = sums(day, None, len(first))
    # Under independence every one of these has the same variance.
    by_day = sums(day, influence - influence.mean(), len(first)) / np.sqrt(counts)
    week, _first = _numbered(weeks(first))
    groups = int(week.max()) + 1
    yield _Candidate(f"{name}.{WEEK}", Values(by_day).dependence(week, groups), values.dependence(week[day], groups))


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
    if not len(cells):
        return None
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


def _found(one: _Candidate, metric: str) -> Found:
    return Found(
        cluster=one.cluster,
        metric=metric,
        correlation=one.seen.correlation,
        design_effect=one.seen.design_effect,
        groups=one.seen.groups,
        p_value=one.tested.p_value,
    )
