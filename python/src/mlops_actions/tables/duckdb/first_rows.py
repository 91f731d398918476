"""The first rows of which something is true: looked for in few rows, and in more only where they do not suffice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TypeVar

import duckdb

from mlops_actions.tables.duckdb.connection import spilling_early
from mlops_actions.tables.duckdb.match import repeated_rows
from mlops_actions.tables.questions import complete

_ROWS_AT_FIRST = 1 << 20
_ROWS_GROW = 16

Question = TypeVar("Question")


def first_met(
    conditions: Mapping[Question, str],
    counts: Mapping[Question, int],
    first: int,
    rows: int,
    relation: duckdb.DuckDBPyRelation,
) -> dict[Question, Sequence[int]]:
    """Codes of the first rows of each condition, of which it is known how many meet it."""
    found: dict[Question, Sequence[int]] = dict.fromkeys(conditions, ())
    for part in _growing(relation, rows):
        wanting = [one for one in conditions if len(found[one]) < min(first, counts[one])]
        if not wanting:
            break
        asked = ", ".join(f"min(CASE WHEN {conditions[one]} THEN row_code END, {first})" for one in wanting)
        codes = part.aggregate(asked).fetchall()[0]
        found |= {one: some or () for one, some in zip(wanting, codes, strict=True)}
    return found


def first_repeated(
    parts: Sequence[str],
    first: int,
    rows: int,
    relation: duckdb.DuckDBPyRelation,
    connection: duckdb.DuckDBPyConnection,
) -> list[int]:
    """Codes of the first rows whose value was there before, which is seen without the later ones.

    Items of one list share theirs.
    """
    codes: list[int] = []
    for part in _growing(relation, rows):
        codes = spilling_early(connection, partial(_first_repeated, parts, first, part))
        if len(codes) == first:
            break
    return codes


def _growing(relation: duckdb.DuckDBPyRelation, rows: int) -> Iterator[duckdb.DuckDBPyRelation]:
    """The beginning of the rows, ever more of them."""
    tried = _ROWS_AT_FIRST
    while tried < rows:
        yield relation.limit(tried)
        tried *= _ROWS_GROW
    yield relation


def _first_repeated(parts: Sequence[str], first: int, relation: duckdb.DuckDBPyRelation) -> list[int]:
    listed = ", ".join(parts)
    keyed = f"(SELECT row_code, {listed}, hash({listed}) AS key_hash FROM rows WHERE {complete(parts)})"  # noqa: S608
    query = f"{repeated_rows(parts, keyed)} SELECT DISTINCT row_code FROM found ORDER BY row_code LIMIT {first}"  # noqa: S608
    found = relation.query("rows", query)
    return [code for (code,) in found.fetchall()] if found else []
