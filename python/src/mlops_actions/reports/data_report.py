"""The data report's page: failing checks first, then drift, then everything."""

from __future__ import annotations

from mlops_actions.evidence.data_report import CheckResult, DataReport, Drift
from mlops_actions.evidence.statement import Statement
from mlops_actions.reports.page import Block, Distributions, Page, Table, counted, marked, number

_CHECKS = ("outcome", "column", "check", "failed", "of", "first rows", "contract")
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
        Table("Not checked", _CHECKS, tuple(map(_check, unchecked))),
        Table("Drift", _DRIFT, tuple(map(_drift, report.drift))),
        *(_picture(drift) for drift in drifted),
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


def _drift(drift: Drift) -> tuple[str, ...]:
    return (
        marked(drift.result),
        drift.column,
        drift.method,
        number(drift.value),
        number(drift.limit),
        number(drift.noise),
    )


def _picture(drift: Drift) -> Distributions:
    title = f"{drift.column}: {drift.method} {number(drift.value)}, limit {number(drift.limit)}"
    return Distributions(title, tuple(drift.bins), tuple(drift.shares), tuple(drift.reference_shares))
