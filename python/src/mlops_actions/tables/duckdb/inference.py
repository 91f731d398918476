"""The types of columns that have none, from all of their cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from mlops_actions.tables.duckdb.types import quoted, unreadable
from mlops_actions.tables.interface import LogicalType, StoredType

_SIMPLE: tuple[LogicalType, ...] = ("integer", "number", "date", "timestamp", "boolean")
UNTYPED: Mapping[StoredType, tuple[LogicalType, ...]] = {
    "text": (*_SIMPLE, "string"),
    "json": (*_SIMPLE, "string", "array", "object"),
}
"""How a column is stored → what it may be, the narrowest first."""
_SAMPLED_ROWS = 20_000


def infer(
    untyped: Mapping[str, StoredType], connection: duckdb.DuckDBPyConnection, source: str
) -> dict[str, LogicalType]:
    """The narrowest type that every cell reads as; `string` for an empty column, `binary` where none fits.

    Few rows rule out most types; the whole table decides between the rest.
    """
    possible: dict[str, tuple[LogicalType, ...]] = {name: UNTYPED[stored] for name, stored in untyped.items()}
    for rows in (f"(FROM {source} LIMIT {_SAMPLED_ROWS})", source):
        filled, bad = _count(untyped, possible, connection, rows)
        possible = {name: tuple(type_ for type_ in types if not bad[name, type_]) for name, types in possible.items()}
    return {name: types[0] if types and filled[name] else _otherwise(filled[name]) for name, types in possible.items()}


def _otherwise(filled: int) -> LogicalType:
    return "binary" if filled else "string"


def _count(
    untyped: Mapping[str, StoredType],
    candidates: Mapping[str, Sequence[LogicalType]],
    connection: duckdb.DuckDBPyConnection,
    source: str,
) -> tuple[dict[str, int], dict[tuple[str, LogicalType], int]]:
    """Of each column the cells that hold something; of each candidate those that do not read as it."""
    pairs = [(name, type_) for name, types in candidates.items() for type_ in types]
    asked = [f"count(*) FILTER (WHERE {unreadable(name, untyped[name], type_) or 'false'})" for name, type_ in pairs]
    filled = [f"count({quoted(name)})" for name in candidates]
    found = connection.execute(f"SELECT {', '.join(filled + asked)} FROM {source}").fetchall()[0]  # noqa: S608
    return dict(zip(candidates, found, strict=False)), dict(zip(pairs, found[len(filled) :], strict=True))
