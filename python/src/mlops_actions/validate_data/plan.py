"""All checks of a contract as one scan, and the scan's answers as results."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from mlops_actions.errors import nearest
from mlops_actions.evidence.data_report import CheckResult
from mlops_actions.tables import LogicalType, Scan, Scanned, Tally
from mlops_actions.tables.interface import StoredType, readable_as
from mlops_actions.validate_data.checks import breaks, problem
from mlops_actions.validate_data.custom.asking import together
from mlops_actions.validate_data.rules import (
    Check,
    Contract,
    HasType,
    Items,
    NotAmong,
    NotChecked,
    NotMissing,
    Partitioned,
    RowCount,
    Rule,
    Unique,
    UniqueItems,
    Zoned,
    asides,
)
from mlops_actions.validate_data.threshold import NONE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Plan:
    """One scan, and the checks that it cannot answer with the reason."""

    contract: Contract
    stored: Mapping[str, StoredType]
    scan: Scan
    impossible: Mapping[str, str] = field(default_factory=dict)
    """A check's id → why it is not made."""
    partitions: Sequence[str] = ()
    """Columns that folders name, outermost first."""


def readable_types(contract: Contract, stored: Mapping[str, StoredType]) -> dict[str, LogicalType]:
    """The contract's types of the columns that are there and are stored as something that can be read so."""
    return {
        column.name: column.type
        for column in contract.properties
        if column.type and column.name in stored and readable_as(stored[column.name], column.type)
    }


def make_plan(
    contract: Contract,
    stored: Mapping[str, StoredType],
    failing_rows: int,
    also: Scan | None = None,
    partitions: Sequence[str] = (),
) -> Plan:
    """Put every check into one scan; `also` is what the custom checks want of it."""
    types = readable_types(contract, stored)
    impossible = {check.id: why for check in contract.checks if (why := _impossible(check, contract, stored, types))}
    possible = [check for check in contract.checks if check.id not in impossible]
    expressions = {check.id: breaks(check.rule, check.column) for check in possible if check.column}
    scan = Scan(
        types=types,
        flags={id_: expression for id_, expression in expressions.items() if expression is not None},
        keys={check.id: check.rule.columns for check in possible if isinstance(check.rule, Unique)},
        missing=frozenset(check.column for check in possible if check.column and _asks_for_missing(check.rule)),
        first=failing_rows,
    )
    return Plan(contract, stored, together([also, scan]) if also else scan, impossible, partitions)


def judge(plan: Plan, scanned: Scanned) -> list[CheckResult]:
    """The result of each check, in the contract's order."""
    return [_judge(check, plan, scanned) for check in plan.contract.checks]


def _impossible(
    check: Check, contract: Contract, stored: Mapping[str, StoredType], types: Mapping[str, LogicalType]
) -> str | None:
    """Why a check cannot be made; the check of the type then says what is wrong with the column."""
    if isinstance(check.rule, NotChecked):
        return check.rule.why
    if isinstance(check.rule, HasType | RowCount | Partitioned):
        return None
    asked = {column.name: column.type for column in contract.properties}
    columns = check.rule.columns if isinstance(check.rule, Unique) else (str(check.column),)
    if isinstance(check.rule, Zoned) and stored.get(columns[0], "text") not in ("text", "json"):
        return "a stored moment is one everywhere, however it was written"
    if absent := [column for column in columns if column not in stored]:
        return f"the data has no column {absent[0]!r}"
    nested = isinstance(check.rule, Items | UniqueItems) and stored[columns[0]] != "array"
    if nested or not {aside.name for aside in asides(check.rule)} <= set(stored):
        return f"not all cells of {columns[0]!r} hold {asked.get(columns[0]) or 'object'} values"
    if not isinstance(check.rule, NotMissing | Unique) and check.column not in types:
        return f"{check.column!r} is stored as {stored[columns[0]]}, not {asked[columns[0]]}"
    return None


def _asks_for_missing(rule: Rule) -> bool:
    return isinstance(rule, NotAmong) or rule == NotMissing()


def _judge(check: Check, plan: Plan, scanned: Scanned) -> CheckResult:
    if check.id in plan.impossible:
        subject = f"{check.kind} of {check.column!r}" if check.column else check.kind
        return result_of(check, "not-checked", f"{subject} was not checked: {plan.impossible[check.id]}.")
    if isinstance(check.rule, HasType) and (broken := _broken_column(check, check.rule, plan, scanned)):
        return broken
    if isinstance(check.rule, RowCount):
        met = check.threshold.holds(scanned.rows, scanned.rows)
        message = f"the table has {scanned.rows:,} rows; the count {check.threshold}."
        return result_of(check, "pass" if met else "fail", message, total=scanned.rows)
    if isinstance(check.rule, Partitioned):
        return _judge_partition(check, check.rule, plan.partitions)
    tally = _tally(check, plan, scanned)
    met = check.threshold.holds(tally.count, scanned.rows)
    message = _message(check, tally, scanned.rows, met)
    return result_of(check, "pass" if met else "fail", message, tally, scanned.rows)


def _judge_partition(check: Check, rule: Partitioned, partitions: Sequence[str]) -> CheckResult:
    """Folders are looked at, no row is."""
    if not partitions:
        why = "the data lies in no folders such as `year=2024`"
        return result_of(check, "not-checked", f"partitioned of {check.column!r} was not checked: {why}.")
    names = ", ".join(map(repr, partitions))
    place = partitions.index(check.column) + 1 if check.column in partitions else None
    if place is None:
        return result_of(check, "fail", f"{check.column!r} is no partition: folders name {names}.")
    if rule.position not in (None, place):
        message = f"{check.column!r} is partition {place}, not {rule.position}: folders name {names}."
        return result_of(check, "fail", message)
    return result_of(check, "pass", f"{check.column!r} is partition {place}.")


def _broken_column(check: Check, rule: HasType, plan: Plan, scanned: Scanned) -> CheckResult | None:
    """The column is not there or cannot be what it should be: every row fails."""
    name = str(check.column)
    if name not in plan.stored:
        message = f"the data has no column {name!r}. {nearest(name, plan.stored)}".rstrip()
        return result_of(check, "fail", message, Tally(scanned.rows), scanned.rows)
    if rule.type and not readable_as(plan.stored[name], rule.type):
        count = scanned.rows - scanned.missing[name].count
        message = f"{name!r} is stored as {plan.stored[name]}, not {rule.type}."
        return result_of(check, "fail", message, Tally(count), scanned.rows)
    return None


def _tally(check: Check, plan: Plan, scanned: Scanned) -> Tally:
    name = str(check.column)
    match check.rule:
        case HasType(type_):
            return scanned.unreadable[name] if type_ else Tally(0)
        case Zoned():
            return scanned.unreadable[name]
        case NotMissing(None):
            return scanned.missing[name]
        case NotAmong():
            missing, among = scanned.missing[name], scanned.flags[check.id]
            rows = sorted({*missing.rows, *among.rows})[: plan.scan.first]
            return Tally(missing.count + among.count, tuple(rows))
        case Unique():
            return scanned.keys[check.id]
        case _:
            return scanned.flags[check.id]


def _message(check: Check, tally: Tally, total: int, met: bool) -> str:
    if isinstance(check.rule, HasType) and check.rule.type is None:
        return f"the data has the column {check.column!r}."
    columns = check.rule.columns if isinstance(check.rule, Unique) else (check.column,)
    subject = f"{'items' if check.level else 'rows'} of {' with '.join(repr(column) for column in columns)}"
    first = f", first row {tally.rows[0]}" if tally.rows and not met else ""
    asked = "" if check.threshold == NONE else f"; the count {check.threshold}"
    return f"{tally.count:,} of {total:,} {subject} {problem(check.rule)}{first}{asked}."


def result_of(
    check: Check,
    result: Literal["pass", "fail", "not-checked"],
    message: str,
    tally: Tally = Tally(0),  # noqa: B008  frozen
    total: int = 0,
) -> CheckResult:
    """What the report says of one check; `total` is how many rows were looked at."""
    return CheckResult(
        id=check.id,
        column=check.column,
        check=check.kind,
        result=result,
        severity=check.severity,
        failed=tally.count,
        total=total,
        rows=list(tally.rows) if result == "fail" else [],
        where=check.where,
        message=message,
    )
