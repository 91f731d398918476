"""Exactly how many rows repeat an earlier one, without a table of all values in memory.

Integers that lie close together, as ids do, are marks in a string of bits. All else is told apart by 64-bit hashes:
where no two agree, nothing repeats; where some do, the values decide. What grows with the rows spills to disk early.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from mlops_actions.tables.duckdb.connection import spilling_early, threads
from mlops_actions.tables.questions import complete

_BITS_OF_A_ROW, _MOST_BITS = 256, 10**9
"""Of the marks of all threads together; where they would be more, hashes are smaller, and DuckDB makes none longer."""
_INTEGERS = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"})


def bounds(parts: Sequence[str], relation: duckdb.DuckDBPyRelation) -> list[str]:
    """What the first pass is to ask of a key: its least and greatest value, where marks may do."""
    types = dict(zip(relation.columns, relation.types, strict=True))
    if len(parts) > 1 or str(types[parts[0]]) not in _INTEGERS:
        return []
    return [f"min({parts[0]})", f"max({parts[0]})"]


def surplus(
    parts: Sequence[str],
    within: Sequence[int | None],
    filled: int,
    relation: duckdb.DuckDBPyRelation,
    connection: duckdb.DuckDBPyConnection,
) -> int:
    """Rows beyond the first of their value, exactly: an approximate count must never decide.

    `within` is what was found of `bounds`, `filled` the number of rows in which no part is missing.
    """
    if filled < 2:
        return 0
    low, high = within or (None, None)
    most = min(filled * _BITS_OF_A_ROW, _MOST_BITS) // threads(connection)
    if low is not None and high is not None and high - low < most:
        return filled - _number(f"bit_count(bitstring_agg({parts[0]}, {low}, {high}))", relation)
    listed = ", ".join(parts)
    with spilling_early(connection):
        by_hash = f"count(DISTINCT CASE WHEN {complete(parts)} THEN hash({listed}) END)"
        if _number(by_hash, relation) == filled:
            return 0
        value = listed if len(parts) == 1 else f"({listed})"
        return filled - _number(f"count(DISTINCT CASE WHEN {complete(parts)} THEN {value} END)", relation)


def _number(asked: str, relation: duckdb.DuckDBPyRelation) -> int:
    return int(relation.aggregate(asked).fetchall()[0][0])
