"""The data report's page: failing checks and rows first, then drift, then everything."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_actions.evidence.data_report import CheckResult, DataReport, Drift, FailingRow
from mlops_actions.evidence.statement import Statement
from mlops_actions.reports.page import Block, Distributions, Page, Table, Text, counted, marked, number

_CHECKS = ("outcome", "column", "check", "failed", "of", "first rows", "contract")
_MOST_PICTURES = 12
_MOST_OPEN = 10
"""Failing rows that a table shows without being unfolded."""
_DRIFT = ("outcome", "column", "method", "above noise", "limit", "noise alone")


def page(statement: Statement[DataReport]) -> Page:
    """Checks, drift and the picture of each drifted column."""
    report = statement.predicate
    failed = [check for check in report.checks if check.result == "fail"]
    unchecked = [check for check in report.checks if check.result == "not-checked"]
    drifted = [drift for drift in report.drift if drift.result == "fail"]
    headline = (
        f"{statement.name}: {counted(report.rows, 'row')}, {counted(len(report.columns), 'column')}; "
        f"{len(report.checks) - len(failed) - len(unchecked)} checks hold, {len(failed)} fail, "
        f"{len(unchecked)} were not checked; {len(drifted)} of {len(report.drift)} columns drifted."
    )
    blocks: tuple[Block, ...] = (
        Table("Failing checks", _CHECKS, tuple(map(_check, failed))),
        *_failing_rows(report),
        Table("Not checked", _CHECKS, tuple(map(_check, unchecked))),
        Table("Drift", _DRIFT, tuple(map(_drift, report.drift))),
        *_pictures(drifted),
        Table("All checks", _CHECKS, tuple(map(_check, report.checks)), folded=True),
    )
    return Page("Data", report.result, headline, blocks)


def _check(check: CheckResult) -> tuple[str, ...]:
    outcome = "warn" if check.result == "fail" and check.severity == "warning" else check.result
    rows = ", ".join(map(str, check.rows))
    return (
        marked(outcome),
        ".".join(part for part in (check.table, check.column or "(table)") if part),
        check.check,
        f"{check.failed:,}",
        f"{check.total:,}",
        rows,
        check.where or "",
    )


def _failing_rows(report: DataReport) -> Iterator[Block]:
    """A table of rows for each table of the data, since their columns differ."""
    words = {one.id: f"{one.column}: {one.check}" if one.column else one.check for one in report.checks}
    for table in dict.fromkeys(one.table for one in report.failing_rows):
        rows = [one for one in report.failing_rows if one.table == table]
        columns = list(dict.fromkeys(name for one in rows for name in one.cells))
        title = f"Failing rows of {table}" if table else "Failing rows"
        cells = tuple((f"{one.row:,}", _broken(one, words), *_cells(one, columns)) for one in rows)
        yield Table(title, ("row", "breaks", *columns), cells, folded=len(rows) > _MOST_OPEN)
    if report.failing_rows and report.withheld:
        names = ", ".join(report.withheld)
        yield Text(f"Not shown, since personal, a key beside what is personal, or not in the contract: {names}.")


def _broken(row: FailingRow, words: dict[str, str]) -> str:
    return "; ".join(words.get(id_, id_) for id_ in row.checks)


def _cells(row: FailingRow, columns: list[str]) -> tuple[str, ...]:
    return tuple("(missing)" if row.cells.get(name) is None else str(row.cells[name]) for name in columns)


def _drift(drift: Drift) -> tuple[str, ...]:
    return (
        marked(drift.result),
        _compared(drift),
        drift.method,
        number(drift.value),
        number(drift.limit),
        number(drift.noise),
    )


def _compared(drift: Drift) -> str:
    return drift.column if drift.of == "value" else f"{drift.column} ({drift.of})"


def _pictures(drifted: list[Drift]) -> Iterator[Block]:
    """Both distributions of each drifted column, as far as a page holds them; their numbers stand in the table."""
    drawn = [one for one in drifted if one.bins]
    for drift in drawn[:_MOST_PICTURES]:
        title = f"{_compared(drift)}: {drift.method} {number(drift.value)}, limit {number(drift.limit)}"
        yield Distributions(title, tuple(drift.bins), tuple(drift.shares), tuple(drift.reference_shares))
    if len(drawn) > _MOST_PICTURES:
        yield Text(f"The first {_MOST_PICTURES} of {len(drawn)} drifted columns are drawn.")
