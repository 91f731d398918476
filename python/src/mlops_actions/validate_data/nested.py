"""What lies inside of columns: views of the table that have it as columns, and checks on the items of lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from mlops_actions.tables import Inside, Scanned, View
from mlops_actions.validate_data.plan import judge, make_plan
from mlops_actions.validate_data.rules import Contract, NotChecked, asides

if TYPE_CHECKING:
    from mlops_actions.evidence.data_report import CheckResult
    from mlops_actions.tables import Table

_NO_VIEW = "the engine does not look inside of columns"


def look_inside(contract: Contract, table: Table) -> tuple[Contract, dict[str, Table]]:
    """Level → the table whose rows it counts: the data with what lies in its objects, then the items of each list.

    In the contract that comes with them no check is left on what is not there or cannot be looked into.
    """
    unseen: dict[str, str] = {}
    whole = _seen(contract.at(""), table, None)
    if whole is None:
        unseen |= {one.name: _NO_VIEW for one in contract.properties if len(one.path) > 1 or one.level}
    found = {"": whole or table}
    for level in dict.fromkeys(one.level for one in contract.properties if one.level and not unseen):
        column = level.removesuffix("[]")
        outer = found.get(next(one.level for one in contract.properties if one.name == column))
        items = _seen(contract.at(level), outer, column) if outer and outer.stored.get(column) == "array" else None
        if items is not None:
            found[level] = items
    for level in {one.level for one in contract.properties} - set(found):
        inner = [one.name for one in contract.properties if one.level == level]
        unseen = {**dict.fromkeys(inner, f"the data has no list {level.removesuffix('[]')!r}"), **unseen}
    return _without(contract, unseen), found


def check_items(contract: Contract, tables: Mapping[str, Table], failing_rows: int) -> list[CheckResult]:
    """The results of all checks on items; each list costs a scan of its own."""
    levels = dict.fromkeys(check.level for check in contract.checks if check.level)
    return [one for level in levels for one in _check_level(contract.at(level), tables.get(level), failing_rows)]


def _check_level(contract: Contract, table: Table | None, failing_rows: int) -> list[CheckResult]:
    stored = table.stored if table else {}
    plan = make_plan(contract, stored, failing_rows)
    scanned = table.scan(plan.scan) if table else None
    if scanned is not None and scanned.rows:
        return [_once(result) for result in judge(plan, scanned)]
    if table is not None:
        empty = {one.name: f"no row has an item of {one.level.removesuffix('[]')!r}" for one in contract.properties}
        plan = make_plan(_without(contract, empty), stored, failing_rows)
    return judge(plan, Scanned(0, {}, {}, {}, {}, {}))


def _once(result: CheckResult) -> CheckResult:
    """A row with several such items is named once."""
    return result.model_copy(update={"rows": list(dict.fromkeys(result.rows))})


def _without(contract: Contract, unseen: Mapping[str, str]) -> Contract:
    """`unseen`: property → why nothing about it is checked."""
    checks = tuple(
        replace(check, rule=NotChecked(unseen[check.column])) if check.column and check.column in unseen else check
        for check in contract.checks
    )
    return replace(contract, checks=checks)


def _seen(contract: Contract, table: Table, items: str | None) -> Table | None:
    """One level of the contract as the view that its checks need."""
    columns = {one.name: Inside(one.path) for one in contract.properties if len(one.path) > 1}
    beside = {one.name: Inside(one.path, one.what) for check in contract.checks for one in asides(check.rule)}
    view = View(items=items, columns={**columns, **beside})
    seen: Table | None = table.view(view) if view != View() else table
    written = {one.name: one.written for one in contract.properties if one.written and one.within}
    return seen.view(View(written=written)) if written and seen is not None else seen
