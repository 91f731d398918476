"""Dates and times in text, where the contract says how they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_actions.tables import View

if TYPE_CHECKING:
    from mlops_actions.tables import Table
    from mlops_actions.validate_data.rules import Contract


def as_written(contract: Contract, table: Table) -> Table:
    """The table with its text of dates and times read as the contract says that it is written."""
    written = {one.name: one.written for one in contract.properties if one.written and not one.within}
    return (table.view(View(written=written)) if written else None) or table
