"""Dates and times in text, where the contract says how they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_actions.errors import InputError
from mlops_actions.tables import View

if TYPE_CHECKING:
    from mlops_actions.tables import Table
    from mlops_actions.validate_data.rules import Contract


def as_written(contract: Contract, table: Table) -> Table:
    """The table with its text of dates and times read as the contract says that it is written.

    Raises InputError where the engine cannot read them so: read as ISO 8601, wrong ones would pass.
    """
    written = {one.name: one.written for one in contract.properties if one.written and not one.within}
    if not written:
        return table
    view = table.view(View(written=written))
    texts = [name for name in written if table.stored.get(name) in ("text", "string")]
    if view is None and texts:
        raise InputError(
            f"this engine reads dates and times of text as ISO 8601 only, not as the contract writes {texts[0]!r}.",
            where=contract.path,
            hint="Check them with `engine: duckdb`, or store them as dates.",
        )
    return view or table
