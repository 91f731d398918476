"""Views of a table: what lies inside of nested columns as columns or rows, and dates as ISO 8601 has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from mlops_actions.tables.duckdb.reading import Reading
from mlops_actions.tables.duckdb.types import free_name, literal, logical, quoted
from mlops_actions.tables.interface import Inside, StoredType, View, Written, refuse_taken

if TYPE_CHECKING:
    import duckdb
    from duckdb.sqltypes import DuckDBPyType


def look(view: View, connection: duckdb.DuckDBPyConnection, reading: Reading, location: str) -> Reading:
    """How to select what a view shows; rows keep the codes of the rows that they lie in."""
    if view.items is not None:
        reading = _items(view.items, connection, reading)
    refuse_taken(view, reading.stored, location)
    types = _types(connection, reading.source) if view.columns else {}
    inside = {name: sql for name, one in view.columns.items() if (sql := _inside(one, types))}
    rewritten = {name: sql for name, one in view.written.items() if (sql := _rewritten(name, one, reading))}
    if not inside and not rewritten:
        return reading
    row = free_name("mlops_row", [*reading.stored, *inside])
    cells = {name: rewritten.get(name, quoted(name)) for name in reading.stored} | inside
    selected = [f"{reading.row} AS {row}", *(f"{cell} AS {quoted(name)}" for name, cell in cells.items())]
    return _selecting(", ".join(selected), row, connection, reading)


def _items(column: str, connection: duckdb.DuckDBPyConnection, reading: Reading) -> Reading:
    row = free_name("mlops_row", [f"{column}[]"])
    numbered = f"(SELECT {reading.row} AS {row}, {quoted(column)} AS items FROM {reading.source})"  # noqa: S608
    inner = replace(reading, source=numbered, row=row, stored={})
    return _selecting(f"{row}, unnest(items) AS {quoted(f'{column}[]')}", row, connection, inner)


def _selecting(selected: str, row: str, connection: duckdb.DuckDBPyConnection, reading: Reading) -> Reading:
    """The reading below a SELECT; what was stored before keeps its type."""
    source = f"(SELECT {selected} FROM {reading.source})"  # noqa: S608
    new = {name: type_ for name, type_ in _types(connection, source).items() if name not in (row, *reading.stored)}
    as_json = {
        name for name, type_ in new.items() if str(type_) == "JSON" or (reading.json and str(type_) == "VARCHAR")
    }
    stored: dict[str, StoredType] = {**reading.stored}
    stored |= {name: "json" if name in as_json else logical(str(type_)) for name, type_ in new.items()}
    if as_json:
        texts = ", ".join(f"to_json({quoted(name)}) AS {quoted(name)}" for name in sorted(as_json))
        source = f"(SELECT * REPLACE ({texts}) FROM {source})"  # noqa: S608
    return replace(reading, source=source, row=row, stored=stored, footers=())


def _types(connection: duckdb.DuckDBPyConnection, source: str) -> dict[str, DuckDBPyType]:
    relation = connection.sql(f"SELECT * FROM {source} LIMIT 0")  # noqa: S608
    return dict(zip(relation.columns, relation.types, strict=True))


def _rewritten(name: str, written: Written, reading: Reading) -> str | None:
    """SQL for a cell of text in ISO 8601; None where cells are no text."""
    stored = reading.stored.get(name)
    if stored not in ("text", "json"):
        return None
    text = quoted(name) if stored == "text" else f"({quoted(name)} ->> '$')"
    pattern, iso = literal(written.pattern), literal(written.iso)
    moment = f"CASE WHEN regexp_matches({text}, {pattern}) THEN regexp_replace({text}, {pattern}, {iso}) ELSE '-' END"
    return f"CASE WHEN {text} IS NOT NULL THEN {moment if stored == 'text' else f'to_json({moment})'} END"


def _inside(inside: Inside, types: Mapping[str, DuckDBPyType]) -> str | None:
    """SQL for what lies there; None where nothing does."""
    field = _field(inside.path, types)
    if inside.what == "lacking":
        parent = _field(inside.path[:-1], types)
        if parent is None or parent[1].id != "struct":
            return None
        return f"({parent[0]} IS NOT NULL AND {f'{field[0]} IS NULL' if field else 'true'})"
    if field is None or (inside.what == "size" and field[1].id != "struct"):
        return None
    if inside.what == "value":
        return field[0]
    filled = [f"(struct_extract({field[0]}, {literal(name)}) IS NOT NULL)::BIGINT" for name in _fields(field[1])]
    return f"CASE WHEN {field[0]} IS NOT NULL THEN {' + '.join(filled)} END"


def _field(path: Sequence[str], types: Mapping[str, DuckDBPyType]) -> tuple[str, DuckDBPyType] | None:
    """SQL and type of a field."""
    type_ = types.get(path[0]) if path else None
    sql = quoted(path[0]) if path else ""
    for name in path[1:]:
        if type_ is None or type_.id != "struct":
            return None
        type_ = _fields(type_).get(name)
        sql = f"struct_extract({sql}, {literal(name)})"
    return None if type_ is None else (sql, type_)


def _fields(struct: DuckDBPyType) -> dict[str, DuckDBPyType]:
    return dict(cast("list[tuple[str, DuckDBPyType]]", struct.children))
