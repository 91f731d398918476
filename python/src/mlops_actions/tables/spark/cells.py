"""Cells of single rows as text, to show them."""

from __future__ import annotations

from collections.abc import Sequence

from mlops_actions.tables.spark.reading import ROW, Reading
from mlops_actions.tables.spark.types import quoted


def read_cells(
    rows: Sequence[int], columns: Sequence[str], length: int, reading: Reading
) -> dict[int, tuple[str | None, ...]]:
    """A row's number → its cells; nothing where rows have no numbers."""
    data = reading.numbered
    if data is None or not rows or not columns:
        return {}
    cells = [f"substring({_text(name, reading)}, 1, {length}) AS cell_{place}" for place, name in enumerate(columns)]
    found = data.where(f"{ROW} IN ({', '.join(map(str, rows))})").selectExpr(ROW, *cells).limit(len(rows)).collect()
    return {row: tuple(values) for row, *values in found}


def _text(name: str, reading: Reading) -> str:
    nested = reading.stored[name] in ("array", "object", "map")
    return f"to_json({quoted(name)})" if nested else f"CAST({quoted(name)} AS STRING)"
