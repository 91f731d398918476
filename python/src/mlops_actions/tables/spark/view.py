"""Views of a table: what lies inside of nested columns as columns or rows, and dates as ISO 8601 has them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlops_actions.tables.interface import Inside, View, Written, refuse_taken
from mlops_actions.tables.spark.reading import Reading
from mlops_actions.tables.spark.types import literal, quoted

if TYPE_CHECKING:
    from pyspark.sql.types import DataType, StructType


def look(view: View, reading: Reading, location: str) -> Reading:
    """How to select what a view shows; rows keep the numbers of the rows that they lie in."""
    if view.items is not None:
        reading = reading.select([f"explode({quoted(view.items)}) AS {quoted(f'{view.items}[]')}"], {})
    refuse_taken(view, reading.stored, location)
    schema = reading.data.schema
    inside = {name: sql for name, one in view.columns.items() if (sql := _inside(one, schema))}
    rewritten = {name: _rewritten(name, one) for name, one in view.written.items() if reading.stored.get(name) in _TEXT}
    if not inside and not rewritten:
        return reading
    cells = {name: rewritten.get(name, quoted(name)) for name in reading.stored} | inside
    return reading.select([f"{cell} AS {quoted(name)}" for name, cell in cells.items()], reading.stored)


_TEXT = ("text", "string")


def _rewritten(name: str, written: Written) -> str:
    """SQL for a cell of text in ISO 8601."""
    cell, pattern = quoted(name), literal(written.pattern.removesuffix("$") + r"\z")
    iso = literal(re.sub(r"\\(\d)", r"$\1", written.iso))
    moment = f"CASE WHEN {cell} RLIKE {pattern} THEN regexp_replace({cell}, {pattern}, {iso}) ELSE '-' END"
    return f"CASE WHEN {cell} IS NOT NULL AND {cell} <> '' THEN {moment} END"


def _inside(inside: Inside, schema: StructType) -> str | None:
    """SQL for what lies there; None where nothing does."""
    field = _field(inside.path, schema)
    if inside.what == "lacking":
        parent = _field(inside.path[:-1], schema)
        if parent is None or parent[1].typeName() != "struct":
            return None
        return f"({parent[0]} IS NOT NULL AND {f'{field[0]} IS NULL' if field else 'true'})"
    if field is None or (inside.what == "size" and field[1].typeName() != "struct"):
        return None
    sql, type_ = field
    if inside.what == "value":
        return sql
    filled = [f"CAST({sql}.{quoted(name)} IS NOT NULL AS BIGINT)" for name in _fields(type_)]
    return f"CASE WHEN {sql} IS NOT NULL THEN {' + '.join(filled)} END"


def _field(path: Sequence[str], schema: StructType) -> tuple[str, DataType] | None:
    """SQL and type of a field."""
    if not path:
        return None
    type_: DataType = schema
    for name in path:
        if type_.typeName() != "struct" or name not in (fields := _fields(type_)):
            return None
        type_ = fields[name]
    return ".".join(map(quoted, path)), type_


def _fields(struct: DataType) -> dict[str, DataType]:
    return {field.name: field.dataType for field in struct}
