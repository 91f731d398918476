"""What is seen of each column of a table: the facts that a first contract is written from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import narwhals as nw

from mlops_actions.errors import InputError
from mlops_actions.tables import Aggregate, Groups, Scan
from mlops_actions.tables.questions import cells_of
from mlops_actions.validate_data.rules import Value

if TYPE_CHECKING:
    from mlops_actions.tables import LogicalType, Table

MOST_VALUES = 20
"""A list of more values is not read by people, and rarely complete."""
MOST_SHAPES = 3
KNOWN = {
    "email": r"^[^@\s]+@[^@\s]+\.[^@\s]+$",
    "uuid": "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
    "url": r"^https?://\S+$",
}
"""Patterns that are asked of every text, before any shape."""
_ORDERED = ("integer", "number", "date", "timestamp", "time")


@dataclass(frozen=True)
class Seen:
    """One column."""

    name: str
    type: LogicalType
    rows: int
    missing: int
    unique: bool = False
    """Whether no value stands twice, among those that are there."""
    least: Value | None = None
    greatest: Value | None = None
    values: Mapping[Value, int] | None = None
    """Value → rows, of text with few values; None where there are more than `MOST_VALUES`."""
    shapes: tuple[str, ...] | None = None
    """Texts with runs of digits, capitals and small letters as 9, A and a; None where there are more than a few."""
    lengths: tuple[int, int] | None = None
    """Of the shortest and the longest text, in characters."""
    known: str | None = None
    """Which of the known patterns every text meets."""


def observe(table: Table) -> list[Seen]:
    """Look at every column: one scan, and one more for each column of text.

    Raises InputError where there are no rows.
    """
    types = dict(table.columns)
    texts = [name for name, type_ in types.items() if type_ == "string"]
    ordered = [name for name, type_ in types.items() if type_ in _ORDERED]
    keyed = [name for name, type_ in types.items() if type_ in ("string", "integer")]
    values = {name: Groups(cells_of(name), most=MOST_VALUES + 2) for name in texts}
    shapes = {name: Groups(shape(cells_of(name)), most=MOST_SHAPES + 2) for name in texts}
    lengths = {name: cells_of(name).str.len_chars() for name in texts}
    scan = Scan(
        types=types,
        counts={
            f"{word} {name}": ~cells_of(name).str.contains(pattern) for name in texts for word, pattern in KNOWN.items()
        },
        keys={name: (name,) for name in keyed},
        aggregates={
            **{f"min {name}": Aggregate("min", cells_of(name)) for name in ordered},
            **{f"max {name}": Aggregate("max", cells_of(name)) for name in ordered},
            **{f"min {name}": Aggregate("min", length) for name, length in lengths.items()},
            **{f"max {name}": Aggregate("max", length) for name, length in lengths.items()},
        },
        groups={
            **{f"values {name}": groups for name, groups in values.items()},
            **{f"shapes {name}": groups for name, groups in shapes.items()},
        },
    )
    found = table.scan(scan)
    if not found.rows:
        raise InputError("there are no rows to write a contract from.", where=table.location)

    def seen(name: str) -> Seen:
        missing = found.missing[name].count
        there = found.rows - missing
        column = Seen(name, types[name], found.rows, missing, unique=name in keyed and not found.keys[name].count)
        if not there or name not in (*texts, *ordered):
            return column
        least, greatest = found.aggregates[f"min {name}"], found.aggregates[f"max {name}"]
        if name in ordered:
            return replace(column, least=least, greatest=greatest)
        listed = {one.value: one.rows for one in found.groups[f"values {name}"] if one.value is not None}
        alike = tuple(sorted(str(one.value) for one in found.groups[f"shapes {name}"] if one.value is not None))
        return replace(
            column,
            values=listed if len(listed) <= MOST_VALUES else None,
            shapes=alike if len(alike) <= MOST_SHAPES else None,
            lengths=(least, greatest),
            known=next((word for word in KNOWN if not found.counts[f"{word} {name}"]), None),
        )

    return [seen(name) for name in types]


def shape(cell: nw.Expr) -> nw.Expr:
    """A text with each run of digits as 9, of capitals as A and of small letters as a."""
    return cell.str.replace_all(r"[0-9]+", "9").str.replace_all(r"[A-Z]+", "A").str.replace_all(r"[a-z]+", "a")
