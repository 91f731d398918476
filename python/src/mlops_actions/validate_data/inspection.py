"""One table of the contract held against its data: a scan of its rows, and one of each list's items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_actions.errors import InputError
from mlops_actions.validate_data.nested import check_items, look_inside
from mlops_actions.validate_data.plan import judge, make_plan

if TYPE_CHECKING:
    from mlops_actions.evidence.data_report import CheckResult
    from mlops_actions.tables import Scan, Scanned, Table
    from mlops_actions.validate_data.rules import Contract


@dataclass(frozen=True)
class Inspection:
    """What a table's scans found."""

    contract: Contract
    """Less what cannot be looked into."""
    table: Table
    """With what lies inside of its objects."""
    scanned: Scanned
    checks: list[CheckResult]


def inspect(contract: Contract, table: Table, failing_rows: int, also: Scan | None = None) -> Inspection:
    """Scan a table for all that its contract asks; `also` is what else to find out in the same pass.

    Raises InputError where it holds no rows.
    """
    seen, tables = look_inside(contract, table)
    plan = make_plan(seen.at(""), tables[""].stored, failing_rows, also, table.partitions)
    scanned = tables[""].scan(plan.scan)
    if not scanned.rows:
        raise InputError(f"the data {table.location!r} holds no rows.", hint="Nothing was checked.")
    checks = [*judge(plan, scanned), *check_items(seen, tables, failing_rows)]
    return Inspection(seen, tables[""], scanned, checks)
