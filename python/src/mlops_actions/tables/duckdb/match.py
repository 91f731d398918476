"""Rows that have their like: by 64-bit hashes first, which is cheap, then by the values of the rows behind them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import duckdb

from mlops_actions.tables.duckdb.connection import spilling_early
from mlops_actions.tables.duckdb.reading import Reading
from mlops_actions.tables.duckdb.types import typed
from mlops_actions.tables.interface import LogicalType, Match, Tally

RowNumber = Callable[[int], int]

_COMMON: dict[LogicalType, str] = {
    "integer": "HUGEINT",
    "number": "DOUBLE",
    **dict.fromkeys(("array", "object", "map"), "VARCHAR"),
}
"""What values are compared as where two tables may store one type differently."""


def find_likes(
    match: Match,
    connection: duckdb.DuckDBPyConnection,
    reading: Reading,
    other: Reading | None,
    row_number: RowNumber,
) -> Tally:
    """The rows that have their like in `other`, or among their own; see `Match`."""
    keys = [f"key_{place}" for place in range(len(match.columns))]
    mine = _selected(match, reading)
    if other is not None:
        theirs = _selected(_as_called(match), other)
        found = _without_like(keys, mine, theirs) if match.without else _in_other(keys, mine, theirs)
    else:
        found = _conflicting(keys, mine) if match.unlike else repeated_rows(keys, mine)
    first = f"min(row_code, {match.first})" if match.first else "NULL"
    query = f"{found} SELECT count(*), {first} FROM found"  # noqa: S608
    count, codes = spilling_early(connection, lambda: connection.execute(query).fetchall()[0])
    return Tally(count, tuple(row_number(code) for code in codes or ()))


def repeated_rows(keys: Sequence[str], mine: str) -> str:
    """SQL for `found`: codes of rows whose values an earlier one has. `mine` selects a row's code, keys and hash."""
    listed = ", ".join(keys)
    return f"""
        WITH suspects AS (SELECT key_hash FROM {mine} GROUP BY key_hash HAVING count(*) > 1),
        numbered AS (
            SELECT row_code, row_number() OVER (PARTITION BY {listed} ORDER BY row_code) AS place
            FROM {mine} WHERE key_hash IN (FROM suspects)
        ),
        found AS (SELECT row_code FROM numbered WHERE place > 1)
    """  # noqa: S608


def _as_called(match: Match) -> Match:
    """The same question in the other table's words."""
    called = match.called or match.columns
    types = {name: match.types[column] for name, column in zip(called, match.columns, strict=True)}
    return replace(match, columns=called, types=types)


def _selected(match: Match, reading: Reading) -> str:
    """Of each row its code, what is compared, and a hash of that."""
    parts = [_comparable(name, match, reading) for name in match.columns]
    asked = [f"{reading.row} AS row_code", *(f"{part} AS key_{place}" for place, part in enumerate(parts))]
    if match.unlike:
        asked.append(f"{_comparable(match.unlike, match, reading)} AS unlike")
    rows = f"(SELECT {', '.join(asked)}, hash({', '.join(parts)}) AS key_hash FROM {reading.source})"  # noqa: S608
    if not match.complete:
        return rows
    complete = " AND ".join(f"key_{place} IS NOT NULL" for place in range(len(parts)))
    return f"(FROM {rows} WHERE {complete})"  # outside, since row numbers may be counted inside


def _comparable(name: str, match: Match, reading: Reading) -> str:
    wanted = match.types[name]
    cell = typed(name, reading.stored[name], wanted)
    return f"({cell})::{_COMMON[wanted]}" if wanted in _COMMON else cell


def _conflicting(keys: list[str], mine: str) -> str:
    listed = ", ".join(keys)
    return f"""
        WITH suspects AS (
            SELECT key_hash FROM {mine} GROUP BY key_hash HAVING min(unlike) <> max(unlike)
        ),
        ranged AS (
            SELECT row_code, min(unlike) OVER alike AS low, max(unlike) OVER alike AS high
            FROM {mine} WHERE unlike IS NOT NULL AND key_hash IN (FROM suspects)
            WINDOW alike AS (PARTITION BY {listed})
        ),
        found AS (SELECT row_code FROM ranged WHERE low <> high)
    """  # noqa: S608


def _in_other(keys: list[str], mine: str, theirs: str) -> str:
    same = " AND ".join(f"mine.{key} IS NOT DISTINCT FROM theirs.{key}" for key in keys)
    return f"""
        WITH mine AS MATERIALIZED (FROM {mine} WHERE key_hash IN (SELECT key_hash FROM {theirs})),
        theirs AS (FROM {theirs} WHERE key_hash IN (SELECT key_hash FROM mine)),
        found AS (SELECT mine.row_code FROM mine SEMI JOIN theirs ON mine.key_hash = theirs.key_hash AND {same})
    """  # noqa: S608


def _without_like(keys: list[str], mine: str, theirs: str) -> str:
    same = " AND ".join(f"mine.{key} IS NOT DISTINCT FROM theirs.{key}" for key in keys)
    return f"""
        WITH mine AS (FROM {mine}), theirs AS (FROM {theirs}),
        found AS (SELECT mine.row_code FROM mine ANTI JOIN theirs ON mine.key_hash = theirs.key_hash AND {same})
    """  # noqa: S608
