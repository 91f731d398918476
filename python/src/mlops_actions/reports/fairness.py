"""How far the groups of protected columns are apart: for each metric the greatest gap and the least ratio."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_actions.evidence.evaluation import Disparity, Evaluation, Extreme
from mlops_actions.reports.page import Cell, Group, Interval, Intervals, Measure, Text


def groups(evaluation: Evaluation) -> Iterator[Group]:
    """One group, where a column is protected."""
    if not evaluation.fairness:
        return
    text = "Of all pairs of groups the one that is furthest apart; its bounds hold for all pairs at once."
    tables = [_table(evaluation, column) for column in evaluation.protected]
    yield Group("Fairness", (Text(text), *tables))


def _table(evaluation: Evaluation, column: str) -> Intervals:
    headings = ("metric", "greatest gap", "of", "least ratio", "of", "too few rows", "gap")
    rows = tuple(_row(one) for one in evaluation.fairness if one.column == column)
    return Intervals(f"By {column}", headings, rows, common=False)


def _row(one: Disparity) -> Interval:
    cells: tuple[Cell, ...] = (
        one.metric, _measure(one.gap), _pair(one.gap, "−"), _measure(one.ratio), _pair(one.ratio, "/"),
        ", ".join(one.too_few) or "–",
    )  # fmt: skip
    if one.gap is None:
        return Interval(cells, None, None, None, None)
    return Interval(cells, one.gap.value, one.gap.lower, one.gap.upper, 0.0)


def _measure(extreme: Extreme | None) -> Cell:
    return Measure(extreme.value, extreme.lower, extreme.upper) if extreme else "–"


def _pair(extreme: Extreme | None, sign: str) -> str:
    return f"{extreme.first} {sign} {extreme.second}" if extreme else "–"
