"""Slices as forest plots: for each metric the slices that may be worst, and all of them in folded tables."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_actions.evidence.evaluation import EstimateRecord, Evaluation, Slice
from mlops_actions.reports.direction import HEADLINE, oriented
from mlops_actions.reports.page import Block, Cell, Group, Interval, Intervals, Measure, Table, Text, counted

MOST = 12
"""Slices of one forest plot."""
_METRICS = 4
"""Metrics in the tables of all slices; the statement holds the rest."""


def groups(evaluation: Evaluation) -> Iterator[Group]:
    """One group, where there are slices."""
    if not evaluation.slices:
        return
    forests: list[Intervals] = []
    for name in sorted(evaluation.estimates, key=lambda name: name not in HEADLINE):
        forest = _forest(evaluation, name, folded=bool(forests))
        forests += [forest] if forest else []
    blocks: list[Block] = [Text(_caution(evaluation)), *forests] if forests else []
    blocks += [_table(evaluation, column) for column in dict.fromkeys(one.column for one in evaluation.slices)]
    yield Group("Slices", tuple(blocks))


def _caution(evaluation: Evaluation) -> str:
    order = "Worst first, by the best that each interval allows."
    count = len(evaluation.slices)
    chance = (1.0 - next(iter(evaluation.estimates.values())).confidence) * count
    if chance < 1:
        return order
    return (
        f"{order} Of {count:,} slices about {chance:.2g} lie wholly on the wrong side by chance alone: a gate corrects "
        "for that, this page does not."
    )


def _forest(evaluation: Evaluation, name: str, *, folded: bool) -> Intervals | None:
    """The worst slices by the difference to the champion, or by the metric itself where there is no difference."""
    ranked = []
    for one in evaluation.slices:
        record = _record(one, name)
        bounds = record and oriented(name, record)
        if record and bounds:
            ranked.append((bounds[1], one, record))
    if not ranked:
        return None
    ranked.sort(key=lambda entry: entry[0])
    compared = any(name in one.differences for one in evaluation.slices)
    whole = evaluation.estimates[name].value
    rows = tuple(_row(one, name, record, 0.0 if compared else whole) for _, one, record in ranked[:MOST])
    which = f"the worst {MOST} of {len(ranked)} slices" if len(ranked) > MOST else counted(len(ranked), "slice")
    drawn = "difference, dashed at none" if compared else "dashed: all rows"
    headings = ("slice", "rows", name, *(("difference",) if compared else ()), drawn)
    return Intervals(f"{name}: {which}", headings, rows, folded=folded)


def _record(one: Slice, name: str) -> EstimateRecord | None:
    return one.differences.get(name) or (None if one.differences else one.estimates.get(name))


def _row(one: Slice, name: str, record: EstimateRecord, limit: float | None) -> Interval:
    cells: tuple[Cell, ...] = (f"{one.column}: {one.value}", f"{one.n:,}", _measure(one.estimates.get(name)))
    if record is one.differences.get(name):
        cells = (*cells, Measure(record.value, record.lower, record.upper, signed=True))
    return Interval(cells, record.value, record.lower, record.upper, limit)


def _table(evaluation: Evaluation, column: str) -> Table:
    metrics = tuple(list(evaluation.estimates)[:_METRICS])
    rows = tuple(
        (one.value, f"{one.n:,}", *(_measure(one.estimates.get(metric)) for metric in metrics))
        for one in evaluation.slices
        if one.column == column
    )
    return Table(f"By {column}", (column, "rows", *metrics), rows, folded=True)


def _measure(record: EstimateRecord | None) -> Cell:
    return Measure(record.value, record.lower, record.upper) if record else "–"
