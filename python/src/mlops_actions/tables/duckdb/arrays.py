"""Columns in memory, straight from DuckDB's own arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb
import numpy as np

from mlops_actions.tables.duckdb.reading import Reading
from mlops_actions.tables.duckdb.types import typed
from mlops_actions.tables.interface import Column, LogicalType


def fetch(
    wanted: Mapping[str, LogicalType], connection: duckdb.DuckDBPyConnection, reading: Reading, source: str
) -> dict[str, Column]:
    """Columns read as types, in the order of the rows; `source` is the reading's, or a part of it."""
    expressions: list[str] = []
    categories: list[list[str] | None] = []
    for name, type_ in wanted.items():
        cell = typed(name, reading.stored[name], type_)
        if type_ in ("string", "time"):
            enum = f"mlops_categories_{len(expressions)}"
            categories.append(_make_enum(enum, f"CAST({cell} AS VARCHAR)", connection, reading))
            cell = f"enum_code(CAST({cell} AS VARCHAR)::{enum})"
        else:
            categories.append(None)
        expressions.append(f"{cell} AS c{len(expressions)}")
    relation = f"SELECT {', '.join(expressions)} FROM {source}"  # noqa: S608
    found = connection.sql(relation).fetchnumpy()
    for index, names in enumerate(categories):
        if names is not None:
            connection.execute(f"DROP TYPE mlops_categories_{index}")
    pandas = reading.pandas
    return {name: _column(found[f"c{index}"], categories[index], pandas.get(name)) for index, name in enumerate(wanted)}


def _make_enum(enum: str, cell: str, connection: duckdb.DuckDBPyConnection, reading: Reading) -> list[str]:
    """Codes are far cheaper to hand over than a Python string per row."""
    distinct = f"SELECT DISTINCT {cell} AS value FROM {reading.source} WHERE {cell} IS NOT NULL ORDER BY value"  # noqa: S608
    connection.execute(f"CREATE TYPE {enum} AS ENUM ({distinct})")
    return list(connection.execute(f"SELECT enum_range(NULL::{enum})").fetchall()[0][0])


def _column(found: Any, categories: list[str] | None, type_: str | None) -> Column:
    mask = np.ma.getmaskarray(found) if isinstance(found, np.ma.MaskedArray) else None
    values = np.asarray(found.data if isinstance(found, np.ma.MaskedArray) else found)
    return Column(values, None if mask is None or not mask.any() else ~mask, categories, type_)
