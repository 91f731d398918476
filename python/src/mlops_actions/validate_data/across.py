"""Checks that no scan of one table answers: SQL rules, references to other tables, and the age of rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from typing import TYPE_CHECKING

from mlops_actions.errors import InputError
from mlops_actions.evidence.data_report import CheckResult
from mlops_actions.tables import Aggregate, LogicalType, Match, Query, Scan, Unanswered
from mlops_actions.tables.interface import readable_as
from mlops_actions.tables.questions import cells_of
from mlops_actions.validate_data.plan import readable_types, result_of
from mlops_actions.validate_data.rules import Age, Check, References, Sql

if TYPE_CHECKING:
    from mlops_actions.validate_data.inspection import Inspection


def judge_across(inspections: Mapping[str, Inspection], failing_rows: int, now: datetime) -> list[CheckResult]:
    """The results of these checks on all tables; `now` is in UTC, without a zone, as all moments of a scan are.

    Custom checks are made of the first table only. Raises InputError for SQL that cannot be run.
    """
    found = []
    for place, mine in enumerate(inspections.values()):
        for check in mine.contract.checks:
            match check.rule:
                case Sql(query):
                    found.append(_query(check, query, mine, inspections))
                case References():
                    found.append(_refer(check, check.rule, mine, inspections, failing_rows))
                case Age():
                    found.append(_age(check, check.rule, mine, failing_rows, now))
                case _:
                    pass
        why = "was not checked: custom checks are made of the first table"
        found += [one.result("not-checked", f"{one.kind} {why}.") for one in mine.contract.custom if place]
    return found


def in_order(inspections: Mapping[str, Inspection], across: list[CheckResult]) -> list[CheckResult]:
    """All results table by table, as the contract asks for them; the table is named where there are several."""
    found = {result.id: result for one in inspections.values() for result in one.checks}
    found |= {result.id: result for result in across}
    ordered = []
    for name, one in inspections.items():
        ids = [check.id for check in one.contract.checks] + [rule.id for rule in one.contract.custom]
        about = {"table": name} if len(inspections) > 1 else {}
        ordered += [found[id_].model_copy(update=about) for id_ in ids if id_ in found]
    return ordered


def _query(check: Check, query: str, mine: Inspection, tables: Mapping[str, Inspection]) -> CheckResult:
    reachable = {
        name: (one.table, readable_types(one.contract, one.table.stored))
        for one in tables.values()
        for name in {one.contract.table, one.contract.physical_name}
    }
    try:
        answer = mine.table.query(Query(query, reachable))
    except InputError as error:
        raise InputError(error.message, where=check.where, hint=error.hint) from None
    if isinstance(answer, Unanswered):
        return result_of(check, "not-checked", f"SQL was not checked: {answer.why}.")
    value = answer.value
    if isinstance(value, int | float):
        met = check.threshold.accepts(float(value))
        shown = str(value).lower() if isinstance(value, bool) else f"{value:,g}" if value < 1e6 else f"{value:,.0f}"
        return result_of(check, "pass" if met else "fail", f"the query gives {shown}; it {check.threshold}.")
    if value is None:
        return result_of(check, "fail", f"the query gives no value; it {check.threshold}.")
    raise InputError(
        f"the SQL gives a {type(value).__name__}, which is no number.",
        where=check.where,
        hint="Count or compare in SQL.",
    )


def _refer(
    check: Check, rule: References, mine: Inspection, tables: Mapping[str, Inspection], failing_rows: int
) -> CheckResult:
    subject, target = " with ".join(map(repr, rule.columns)), " with ".join(f"{rule.table}.{one}" for one in rule.other)
    other = tables.get(rule.table)
    why = _unlike(rule, mine, other)
    if why or other is None:
        return result_of(check, "not-checked", f"the reference of {subject} to {target} was not checked: {why}.")
    types = {column: _type(column, mine) for column in rule.columns}
    question = Match(
        rule.columns, types, other=other.table, complete=True, called=rule.other, without=True, first=failing_rows
    )
    tally, rows = mine.table.match(question), mine.scanned.rows
    first = f", first row {tally.rows[0]}" if tally.rows else ""
    message = f"{tally.count:,} of {rows:,} rows of {subject} are not in {target}{first}."
    return result_of(check, "fail" if tally.count else "pass", message, tally, rows)


def _unlike(rule: References, mine: Inspection, other: Inspection | None) -> str | None:
    """Why the columns cannot be compared, if so."""
    if other is None:
        return f"no data was given for the table {rule.table!r}"
    for column, called in zip(rule.columns, rule.other, strict=True):
        if column not in mine.table.stored:
            return f"the data has no column {column!r}"
        if called not in other.table.stored:
            return f"the data of {rule.table!r} has no column {called!r}"
        if not readable_as(other.table.stored[called], _type(column, mine)):
            return f"{called!r} of {rule.table!r} is stored as {other.table.stored[called]}, not {_type(column, mine)}"
    return None


def _type(column: str, opened: Inspection) -> LogicalType:
    return readable_types(opened.contract, opened.table.stored).get(column) or opened.table.columns[column]


def _age(check: Check, rule: Age, mine: Inspection, failing_rows: int, now: datetime) -> CheckResult:
    column = str(check.column)
    types = readable_types(mine.contract, mine.table.stored)
    if column not in types:
        return result_of(check, "not-checked", f"{check.kind} was not checked: {column!r} does not read as a moment.")
    limit = now - rule.period
    scan = Scan(
        types=types,
        flags={"old": cells_of(column) < limit} if rule.which == "oldest" else {},
        aggregates={"newest": Aggregate("max", cells_of(column))},
        first=failing_rows,
    )
    found = mine.table.scan(scan)
    newest = found.aggregates["newest"]
    if newest is None:
        return result_of(check, "fail", f"{column!r} holds no moment; {check.kind} is {rule.written}.")
    if rule.which == "oldest":
        tally, rows = found.flags["old"], found.rows
        first = f", first row {tally.rows[0]}" if tally.rows else ""
        message = f"{tally.count:,} of {rows:,} rows of {column!r} are older than {rule.written}{first}."
        return result_of(check, "fail" if tally.count else "pass", message, tally, rows)
    moment = newest if isinstance(newest, datetime) else datetime.combine(newest, time())
    message = f"the newest {column!r} is {newest}; {check.kind} is {rule.written}."
    return result_of(check, "pass" if moment >= limit else "fail", message)
