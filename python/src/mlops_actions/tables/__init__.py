"""Any data location as one lazy table; heavy engines are imported when a table is opened."""

from mlops_actions.tables.engines import open_frame, open_table
from mlops_actions.tables.interface import (
    Aggregate,
    Answer,
    Column,
    Group,
    Groups,
    Inside,
    LogicalType,
    Match,
    Query,
    Scan,
    Scanned,
    Table,
    Tally,
    Unanswered,
    View,
    Written,
)

__all__ = [
    "Aggregate",
    "Answer",
    "Column",
    "Group",
    "Groups",
    "Inside",
    "LogicalType",
    "Match",
    "Query",
    "Scan",
    "Scanned",
    "Table",
    "Tally",
    "Unanswered",
    "View",
    "Written",
    "open_frame",
    "open_table",
]
