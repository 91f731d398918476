"""Cells of single rows as text, to show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlops_actions.tables.duckdb.reading import BY_FILE, ROW_BITS, Reading
from mlops_actions.tables.duckdb.types import free_name, quoted

if TYPE_CHECKING:
    import duckdb


def read_cells(
    codes: Sequence[int],
    most: int,
    columns: Sequence[str],
    length: int,
    connection: duckdb.DuckDBPyConnection,
    reading: Reading,
) -> dict[int, tuple[str | None, ...]]:
    """A row's code → its cells, of at most so many rows."""
    if not codes or not columns:
        return {}
    row = free_name("mlops_row", reading.stored)
    wanted = f"{row} IN ({', '.join(map(str, codes))})"
    near = ""
    if reading.row == BY_FILE:
        # files skip to these, while a code is computed for every row
        near = f" WHERE file_row_number IN ({', '.join(str(code % (1 << ROW_BITS)) for code in codes)})"
    source = f"(SELECT {reading.row} AS {row}, * FROM {reading.source}{near})"  # noqa: S608
    cells = ", ".join(f"left(CAST({quoted(name)} AS VARCHAR), {length})" for name in columns)
    found = connection.execute(f"SELECT {row}, {cells} FROM {source} WHERE {wanted} LIMIT {most}").fetchall()  # noqa: S608
    return {code: tuple(values) for code, *values in found}
