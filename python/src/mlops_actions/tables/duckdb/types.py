"""DuckDB's SQL for cells as logical types. Every name in SQL is quoted here."""

from __future__ import annotations

from collections.abc import Iterable

from mlops_actions.tables.interface import LogicalType, StoredType, reads_always


def typed(name: str, stored: StoredType, wanted: StoredType) -> str:
    """SQL for a column read as a type; NULL where the cell is missing or unreadable."""
    cell = quoted(name)
    match stored, wanted:
        case "text", _:
            return _typed_text(cell, wanted)
        case "number", "integer":
            return f"CASE WHEN {cell} = trunc({cell}) AND isfinite({cell}::DOUBLE) THEN {cell} END"
        case "number", "number":
            return f"CASE WHEN NOT isnan({cell}) THEN {cell} END"
        case "timestamp", "date":
            return f"CASE WHEN {cell}::TIMESTAMP = {cell}::DATE THEN {cell}::DATE END"
        case (("timestamp" | "date"), "timestamp"):
            return f"{cell}::TIMESTAMP"
        case "string", "string":
            return f"{cell}::VARCHAR"  # what is stored as ENUM, UUID or JSON
        case "json", _:
            return _typed_json(cell, wanted)
        case _:
            return cell


def _typed_text(cell: str, wanted: StoredType) -> str:
    match wanted:
        case "integer":
            # BIGINT rounds '1.5' to 2, hence the comparison
            return (
                f"CASE WHEN TRY_CAST({cell} AS DOUBLE) = TRY_CAST({cell} AS BIGINT) THEN TRY_CAST({cell} AS BIGINT) END"
            )
        case "number":
            return f"CASE WHEN NOT isnan(TRY_CAST({cell} AS DOUBLE)) THEN TRY_CAST({cell} AS DOUBLE) END"
        case "date":
            # a DATE drops the time of day, hence the comparison
            day = f"TRY_CAST({cell} AS DATE)"
            return f"CASE WHEN isfinite({day}) AND TRY_CAST({cell} AS TIMESTAMP) = {day} THEN {day} END"
        case "timestamp":
            # a TIMESTAMP drops an offset from UTC; a TIMESTAMPTZ costs four times as much
            plain = f"({cell} LIKE '____-__-__ __:__:__' OR {cell} LIKE '____-__-__T__:__:__')"
            moment = f"TRY_CAST({cell} AS TIMESTAMPTZ)"
            zoned = f"WHEN isfinite({moment}) THEN {moment}::TIMESTAMP"
            return f"CASE WHEN {plain} THEN TRY_CAST({cell} AS TIMESTAMP) {zoned} END"
        case "boolean":
            return f"CASE lower({cell}) WHEN 'true' THEN true WHEN 'false' THEN false END"
        case "time":
            return f"TRY_CAST({cell} AS TIME)"
        case _:
            return cell


def _typed_json(cell: str, wanted: StoredType) -> str:
    """JSON has no moments: they are read from its strings; all else must be written as what it is."""
    if wanted == "json":
        return cell
    kinds = _JSON_KINDS[wanted]
    of_kind = f"json_type({cell}) IN ({', '.join(literal(kind) for kind in kinds)})"
    match wanted:
        case "integer":
            # BIGINT rounds 1.5 to 2, hence the comparison
            whole = f"TRY_CAST({cell} AS BIGINT)"
            return f"CASE WHEN {of_kind} AND TRY_CAST({cell} AS DOUBLE) = {whole} THEN {whole} END"
        case "number":
            number = f"TRY_CAST({cell} AS DOUBLE)"
            return f"CASE WHEN {of_kind} AND NOT isnan({number}) THEN {number} END"
        case "boolean":
            return f"CASE WHEN {of_kind} THEN TRY_CAST({cell} AS BOOLEAN) END"
        case "string":
            return f"CASE WHEN {of_kind} THEN {cell} ->> '$' END"
        case "date" | "timestamp" | "time":
            return _typed_text(f"CASE WHEN {of_kind} THEN {cell} ->> '$' END", wanted)
        case _:
            return f"CASE WHEN {of_kind} THEN {cell} END"


def present(name: str, stored: StoredType, wanted: StoredType) -> str:
    """SQL for a column that is NULL just where the cell is missing: null, NaN, or an empty cell of a text file."""
    cell = quoted(name)
    if stored == "json":
        return f"CASE WHEN json_type({cell}) = 'DOUBLE' AND isnan(TRY_CAST({cell} AS DOUBLE)) THEN NULL ELSE {cell} END"
    if stored == "text" and wanted in ("integer", "number"):
        return f"CASE WHEN isnan(TRY_CAST({cell} AS DOUBLE)) THEN NULL ELSE {cell} END"
    return typed(name, stored, stored) if stored == "number" else cell


def unreadable(name: str, stored: StoredType, wanted: StoredType) -> str | None:
    """SQL that is true where a cell holds something that does not read as the type; None where all do."""
    if reads_always(stored, wanted):
        return None
    return f"({typed(name, stored, wanted)} IS NULL AND {present(name, stored, wanted)} IS NOT NULL)"


def quoted(name: str) -> str:
    """A column's name in SQL.

    >>> print(quoted('we"ird'))
    "we""ird"
    """
    return '"' + name.replace('"', '""') + '"'


def free_name(wish: str, taken: Iterable[str]) -> str:
    """A column name that no column has, nor one that differs only in case."""
    lowered = {name.lower() for name in taken}
    while wish in lowered:
        wish += "_"
    return wish


def literal(text: str) -> str:
    """A string in SQL.

    >>> print(literal("it's"))
    'it''s'
    """
    return "'" + text.replace("'", "''") + "'"


_NUMBERS = ("BIGINT", "UBIGINT", "HUGEINT", "UHUGEINT", "DOUBLE")
_JSON_KINDS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("integer", "number"), _NUMBERS),
    **dict.fromkeys(("string", "date", "timestamp", "time", "binary"), ("VARCHAR",)),
    **dict.fromkeys(("object", "map"), ("OBJECT",)),
    "boolean": ("BOOLEAN",),
    "array": ("ARRAY",),
}
"""What DuckDB calls the JSON values that may be read as a type."""

_SIMPLE: dict[str, LogicalType] = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"), "integer"),
    **dict.fromkeys(("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"), "integer"),
    **dict.fromkeys(("FLOAT", "DOUBLE"), "number"),
    **dict.fromkeys(("VARCHAR", "UUID", "JSON"), "string"),
    **dict.fromkeys(("TIME", "TIME_NS", "TIME WITH TIME ZONE"), "time"),
    "BOOLEAN": "boolean",
    "DATE": "date",
}


def logical(type_: str) -> LogicalType:
    """The contract's word for one of DuckDB's types; what is none of them is `binary`."""
    if type_.endswith("]"):
        return "array"
    for beginning, word in (("STRUCT", "object"), ("MAP", "map"), ("TIMESTAMP", "timestamp"), ("ENUM", "string")):
        if type_.startswith(beginning):
            return word  # type: ignore[return-value]
    if type_.startswith("DECIMAL"):
        return "integer" if type_.endswith(",0)") else "number"
    return _SIMPLE.get(type_, "binary")
