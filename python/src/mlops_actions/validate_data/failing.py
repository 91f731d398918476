"""The failing rows as people want to see them, less what must not be shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mlops_actions.evidence.data_report import CheckResult, FailingRow
from mlops_actions.validate_data.rules import Contract, Unique

if TYPE_CHECKING:
    from mlops_actions.tables import Table

_MOST_ROWS = 50
_MOST_COLUMNS = 12
_LENGTH = 80
_MORE = "…"


def show_failing(
    contracts: Mapping[str, Contract], tables: Mapping[str, Table], checks: Sequence[CheckResult]
) -> tuple[list[FailingRow], list[str]]:
    """The first failing rows of each table with their cells, and the columns withheld; a pass over each such table.

    Custom checks do not name their table: they are made of the first.
    """
    first = next(iter(tables))
    several = len(tables) > 1
    shown: list[FailingRow] = []
    hidden: list[str] = []
    for name, table in tables.items():
        failing = [one for one in checks if one.result == "fail" and one.rows and (one.table or first) == name]
        if not failing:
            continue
        broken = choose(failing)
        columns = columns_to_show(contracts[name], list(table.stored), failing)
        cells = table.cells(sorted(broken), columns, _LENGTH + 1)
        hidden += [f"{name}.{one}" if several else one for one in withheld(contracts[name], list(table.stored))]
        for row in sorted(broken):
            told = dict(zip(columns, map(_cut, cells.get(row, ())), strict=False))
            shown.append(FailingRow(table=name if several else None, row=row, checks=broken[row], cells=told))
    return shown, hidden


def choose(failing: Sequence[CheckResult]) -> dict[int, list[str]]:
    """Row → the checks that it is among the first to break; of every check the first row before any has a second."""
    ranked = sorted((place, index, row) for index, one in enumerate(failing) for place, row in enumerate(one.rows))
    rows = list(dict.fromkeys(row for _, _, row in ranked))[:_MOST_ROWS]
    return {row: [one.id for one in failing if row in one.rows] for row in rows}


def columns_to_show(contract: Contract, stored: Sequence[str], failing: Sequence[CheckResult]) -> list[str]:
    """Columns whose cells may be shown, those that checks failed on first, then keys, then the contract's order."""
    hidden = withheld(contract, stored)
    on = [one.within or one.name for check in failing for one in contract.properties if one.name == check.column]
    wanted = dict.fromkeys([*on, *keys_of(contract), *(one.within or one.name for one in contract.properties)])
    return [name for name in wanted if name in stored and name not in hidden][:_MOST_COLUMNS]


def withheld(contract: Contract, stored: Sequence[str]) -> list[str]:
    """Columns whose cells are never shown: personal ones, beside such also keys, and what the contract leaves out.

    A key leads to the person, and of a column that nobody described nobody said that it may be shown.
    """
    known = {one.within or one.name for one in contract.properties}
    personal = {one.within or one.name for one in contract.properties if one.personal}
    hidden = personal.union(keys_of(contract)) if personal else personal
    return [name for name in stored if name in hidden or name not in known]


def keys_of(contract: Contract) -> list[str]:
    """Columns that tell one row from another."""
    place = {one.name: one.within or one.name for one in contract.properties}
    keys = [check.rule.columns for check in contract.checks if isinstance(check.rule, Unique) and not check.level]
    return list(dict.fromkeys(place.get(column, column) for columns in keys for column in columns))


def _cut(cell: str | None) -> str | None:
    return cell if cell is None or len(cell) <= _LENGTH else cell[:_LENGTH] + _MORE
