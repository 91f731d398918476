"""Exactly how many rows repeat an earlier one, without a table of all values in memory.

Integers that lie close together, as ids do, are marks in a string of bits, made while all else is counted. Other values
are told apart by 64-bit hashes afterwards: where no two agree, nothing repeats; where some do, the values decide. What
grows with the rows spills to disk early.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import duckdb

from mlops_actions.tables.duckdb.connection import spilling_early, threads
from mlops_actions.tables.questions import complete

_INTEGERS = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"})
_MOST_BITS, _MOST_BITS_OF_ALL = 1 << 27, 1 << 30
"""Marks of a thread, 16 MB, and of all threads together."""
_LOOKED_AT = 1 << 14
"""Rows that say where the marks may be; fewer are told apart at once by hashes."""


def marks(
    parts: Sequence[str], relation: duckdb.DuckDBPyRelation, connection: duckdb.DuckDBPyConnection
) -> tuple[str, str] | None:
    """What to ask of a key beside all else: distinct values within a range, and rows in it; None where marks won't do.

    The first rows tell the range. It holds a hundred million ids that follow them, and some before them.
    """
    types = dict(zip(relation.columns, relation.types, strict=True))
    if len(parts) > 1 or str(types[parts[0]]) not in _INTEGERS:
        return None
    key = f"{parts[0]}::BIGINT"
    looked_at = relation.limit(_LOOKED_AT).aggregate(f"count({key}), min({key}), max({key})")
    filled, least, greatest = looked_at.fetchall()[0]
    bits = min(_MOST_BITS, _MOST_BITS_OF_ALL // threads(connection))
    if filled < _LOOKED_AT // 2 or greatest - least > bits // 2:
        return None
    low = max(least - bits // 8, -(1 << 63))
    high = min(low + bits, (1 << 63)) - 1
    within = f"{key} BETWEEN {low} AND {high}"
    return f"bit_count(bitstring_agg(CASE WHEN {within} THEN {key} END, {low}, {high}))", f"count_if({within})"


def surplus(
    parts: Sequence[str],
    marked: Sequence[int | None],
    filled: int,
    relation: duckdb.DuckDBPyRelation,
    connection: duckdb.DuckDBPyConnection,
) -> int:
    """Rows beyond the first of their value, exactly: an approximate count must never decide.

    `marked` is what was found of `marks`, `filled` the number of rows in which no part is missing.
    """
    distinct, within = marked or (None, None)
    if distinct is not None and within == filled:
        return filled - distinct
    if filled < 2:
        return 0
    return spilling_early(connection, partial(_surplus, parts, filled, relation))


def _surplus(parts: Sequence[str], filled: int, relation: duckdb.DuckDBPyRelation) -> int:
    listed = ", ".join(parts)
    if _distinct(f"hash({listed})", parts, relation) == filled:
        return 0
    return filled - _distinct(listed if len(parts) == 1 else f"({listed})", parts, relation)


def _distinct(value: str, parts: Sequence[str], relation: duckdb.DuckDBPyRelation) -> int:
    return int(relation.aggregate(f"count(DISTINCT CASE WHEN {complete(parts)} THEN {value} END)").fetchall()[0][0])
