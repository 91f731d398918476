"""DuckDB's own SQL for reading: files as a relation, cells as logical types. Every name in SQL is quoted here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_actions.errors import InputError
from mlops_actions.tables.files import Files, read_header, refuse_repeated
from mlops_actions.tables.interface import LogicalType, StoredType

if TYPE_CHECKING:
    import duckdb

ROW_BITS = 40
"""A row's code is its file's place shifted by this, plus its row in the file: ordered over all files."""


@dataclass(frozen=True)
class Reading:
    """How to select from the files."""

    source: str
    """A FROM clause."""
    row: str
    """Expression of a row's code: ascending in file order."""
    stored: dict[str, StoredType]


def read_parquet(files: Files, connection: duckdb.DuckDBPyConnection) -> Reading:
    """Parquet files; InputError when their columns differ."""
    _refuse_different_schemas(files, connection)
    source = f"read_parquet({_list(files.paths)}, hive_partitioning = false)"
    types = {row[0]: row[1] for row in connection.execute(f"DESCRIBE FROM {source}").fetchall()}
    row = f"(file_index::BIGINT << {ROW_BITS} | file_row_number)"
    if {name.lower() for name in types} & {"file_index", "file_row_number"}:
        row = "(row_number() OVER () - 1)"  # slower, but the virtual columns are hidden by real ones
    return Reading(source, row, {name: _logical(type_) for name, type_ in types.items()})


def read_csv(files: Files) -> Reading:
    """CSV files as text; InputError when their first lines differ."""
    headers = {path: read_header(path) for path in files.paths}
    first = headers[files.paths[0]]
    for path, header in headers.items():
        if header != first:
            raise InputError(
                f"its columns are {', '.join(header.names)}, but {files.paths[0]} has {', '.join(first.names)}.",
                where=f"{path}:1",
                hint="Files of one table must have the same columns in the same order.",
            )
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in first.names)
    source = (
        f"read_csv({_list(files.paths)}, auto_detect = false, header = true, delim = {literal(first.delimiter)}, "
        f"quote = '\"', escape = '\"', strict_mode = true, hive_partitioning = false, columns = {{{columns}}})"
    )
    return Reading(source, "(row_number() OVER () - 1)", dict.fromkeys(first.names, "text"))


def typed(name: str, stored: StoredType, wanted: StoredType) -> str:
    """SQL for a column read as a type; NULL where the cell is missing or unreadable."""
    cell = quoted(name)
    match stored, wanted:
        case "text", "integer":
            # BIGINT rounds '1.5' to 2, hence the comparison
            return (
                f"CASE WHEN TRY_CAST({cell} AS DOUBLE) = TRY_CAST({cell} AS BIGINT) THEN TRY_CAST({cell} AS BIGINT) END"
            )
        case "text", "number":
            return f"CASE WHEN NOT isnan(TRY_CAST({cell} AS DOUBLE)) THEN TRY_CAST({cell} AS DOUBLE) END"
        case "text", "date":
            # a DATE drops the time of day, hence the comparison
            day = f"TRY_CAST({cell} AS DATE)"
            return f"CASE WHEN isfinite({day}) AND TRY_CAST({cell} AS TIMESTAMP) = {day} THEN {day} END"
        case "text", "timestamp":
            return f"CASE WHEN isfinite(TRY_CAST({cell} AS TIMESTAMP)) THEN TRY_CAST({cell} AS TIMESTAMP) END"
        case "text", "boolean":
            return f"CASE lower({cell}) WHEN 'true' THEN true WHEN 'false' THEN false END"
        case "text", "time":
            return f"TRY_CAST({cell} AS TIME)"
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
        case _:
            return cell


def present(name: str, stored: StoredType, wanted: LogicalType) -> str:
    """SQL for a column that is NULL just where the cell is missing: null, NaN, or an empty cell of a text file."""
    cell = quoted(name)
    if stored == "text" and wanted in ("integer", "number"):
        return f"CASE WHEN isnan(TRY_CAST({cell} AS DOUBLE)) THEN NULL ELSE {cell} END"
    return typed(name, stored, stored) if stored == "number" else cell


def unreadable(name: str, stored: StoredType, wanted: LogicalType) -> str | None:
    """SQL that is true where a cell holds something that does not read as the type; None where all do."""
    simple = {("text", "string"), ("integer", "number"), ("date", "timestamp")}
    if stored == wanted or (stored, wanted) in simple:
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


def _list(paths: Sequence[Path]) -> str:
    return "[" + ", ".join(literal(str(path)) for path in paths) + "]"


def _refuse_different_schemas(files: Files, connection: duckdb.DuckDBPyConnection) -> None:
    """DuckDB takes the first file's columns and drops what others have more, silently."""
    listing = connection.execute(
        f"SELECT file_name, name, coalesce(logical_type, converted_type, type), num_children "  # noqa: S608
        f"FROM parquet_schema({_list(files.paths)})"
    ).fetchall()
    schemas: dict[str, list[tuple[str, str, int]]] = {}
    for file, name, type_, children in listing:
        schemas.setdefault(file, []).append((name, type_ or "", children or 0))
    first_file, first = next(iter(schemas.items()))
    refuse_repeated(tuple(_top_level(first)), first_file)
    for file, schema in schemas.items():
        if sorted(schema[1:]) != sorted(first[1:]):
            names = {name for name, *_ in set(schema[1:]) ^ set(first[1:])}
            raise InputError(
                f"its columns differ from those of {first_file}: {', '.join(sorted(names))}.",
                where=file,
                hint="Files of one table must have the same columns and types.",
            )


def _top_level(schema: list[tuple[str, str, int]]) -> list[str]:
    """Names of the root's children; the listing is the tree, depth first."""
    names = []
    place = 1
    while place < len(schema):
        names.append(schema[place][0])
        pending = 1
        while pending:
            pending += schema[place][2] - 1
            place += 1
    return names


_SIMPLE: dict[str, LogicalType] = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"), "integer"),
    **dict.fromkeys(("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"), "integer"),
    **dict.fromkeys(("FLOAT", "DOUBLE"), "number"),
    **dict.fromkeys(("VARCHAR", "UUID", "JSON"), "string"),
    **dict.fromkeys(("TIME", "TIME_NS", "TIME WITH TIME ZONE"), "time"),
    "BOOLEAN": "boolean",
    "DATE": "date",
}


def _logical(type_: str) -> LogicalType:
    """The contract's word for one of DuckDB's types; what is none of them is `binary`."""
    if type_.endswith("]"):
        return "array"
    for beginning, word in (("STRUCT", "object"), ("MAP", "map"), ("TIMESTAMP", "timestamp"), ("ENUM", "string")):
        if type_.startswith(beginning):
            return word  # type: ignore[return-value]
    if type_.startswith("DECIMAL"):
        return "integer" if type_.endswith(",0)") else "number"
    return _SIMPLE.get(type_, "binary")
