"""Spark's SQL for cells as logical types, so that every cell reads as it does with DuckDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_actions.tables.interface import LogicalType, StoredType, reads_always

if TYPE_CHECKING:
    from pyspark.sql.types import DataType

_NUMBER = r"^\\s*[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?\\s*$"
_INFINITE = r"^\\s*[+-]?(?i:inf|infinity)\\s*$"
_DAY = r"^\\s*\\d{1,6}-\\d{1,2}-\\d{1,2}"
_MINUTES = r"([T ]\\d{1,2}:\\d{1,2})(Z|[+-]\\d{2}(:\\d{2})?)$"
_HOURS = r"(:\\d{2}(\\.\\d+)?[+-]\\d{2})$"
"""An offset from UTC after minutes, and one without minutes: Spark takes neither."""
_TIME = r"^\\s*\\d{1,2}:\\d{1,2}:\\d{1,2}(\\.\\d+)?\\s*$"
"""Spark itself also takes 1d, 2024 and 10 for a number, a date and a time."""


def typed(name: str, stored: StoredType, wanted: StoredType) -> str:
    """SQL for a column read as a type; NULL where the cell is missing or unreadable."""
    cell = quoted(name)
    match stored, wanted:
        case "text", _:
            return _typed_text(f"nullif({cell}, '')", wanted)
        case "number", "integer":
            return f"CASE WHEN {cell} % 1 = 0 THEN {cell} END"
        case "number", "number":
            return f"CASE WHEN NOT isnan({cell}) THEN {cell} END"
        case "timestamp", "date":
            return f"CASE WHEN {cell} = CAST(CAST({cell} AS DATE) AS TIMESTAMP) THEN CAST({cell} AS DATE) END"
        case (("timestamp" | "date"), "timestamp"):
            return f"CAST({cell} AS TIMESTAMP_NTZ)"
        case _:
            return cell


def _typed_text(cell: str, wanted: StoredType) -> str:
    match wanted:
        case "integer":
            number = f"CASE WHEN {cell} RLIKE '{_NUMBER}' THEN try_cast(trim({cell}) AS DOUBLE) END"
            whole = f"CASE WHEN {number} % 1 = 0 AND abs({number}) < 9.2E18D THEN try_cast({number} AS BIGINT) END"
            # a DOUBLE does not hold every BIGINT
            return f"coalesce(CASE WHEN {cell} RLIKE '{_NUMBER}' THEN try_cast(trim({cell}) AS BIGINT) END, {whole})"
        case "number":
            return (
                f"CASE WHEN {cell} RLIKE '{_NUMBER}' OR {cell} RLIKE '{_INFINITE}' "
                f"THEN try_cast(trim({cell}) AS DOUBLE) END"
            )
        case "date":
            moment = f"CASE WHEN {cell} RLIKE '{_DAY}' THEN try_cast({cell} AS TIMESTAMP) END"
            return f"CASE WHEN {moment} = CAST(CAST({moment} AS DATE) AS TIMESTAMP) THEN CAST({moment} AS DATE) END"
        case "timestamp":
            cell = f"regexp_replace(regexp_replace({cell}, '{_MINUTES}', '$1:00$2'), '{_HOURS}', '$1:00')"
            return f"CAST(CASE WHEN {cell} RLIKE '{_DAY}' THEN try_cast({cell} AS TIMESTAMP) END AS TIMESTAMP_NTZ)"
        case "boolean":
            return f"CASE lower({cell}) WHEN 'true' THEN true WHEN 'false' THEN false END"
        case "time":
            clock = f"try_cast(concat('2000-01-01 ', trim({cell})) AS TIMESTAMP)"
            return f"CASE WHEN {cell} RLIKE '{_TIME}' AND {clock} IS NOT NULL THEN trim({cell}) END"
        case _:
            return cell


def present(name: str, stored: StoredType, wanted: StoredType) -> str:
    """SQL for a column that is NULL just where the cell is missing: null, NaN, or an empty cell of a text file."""
    cell = quoted(name)
    if stored == "text" and wanted in ("integer", "number"):
        return f"CASE WHEN lower(trim({cell})) IN ('nan', '+nan', '-nan', '') THEN NULL ELSE {cell} END"
    return typed(name, stored, stored) if stored in ("number", "text") else cell


def unreadable(name: str, stored: StoredType, wanted: StoredType) -> str | None:
    """SQL that is true where a cell holds something that does not read as the type; None where all do."""
    if reads_always(stored, wanted):
        return None
    return f"({typed(name, stored, wanted)} IS NULL AND {present(name, stored, wanted)} IS NOT NULL)"


def quoted(name: str) -> str:
    """A column's name in Spark's SQL.

    >>> print(quoted("back`tick"))
    `back``tick`
    """
    return "`" + name.replace("`", "``") + "`"


def literal(text: str) -> str:
    r"""A string in Spark's SQL.

    >>> print(literal(r"it's a \ "))
    'it\'s a \\ '
    """
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


_SIMPLE: dict[str, LogicalType] = {
    **dict.fromkeys(("tinyint", "smallint", "int", "bigint"), "integer"),
    **dict.fromkeys(("float", "double"), "number"),
    **dict.fromkeys(("timestamp", "timestamp_ntz"), "timestamp"),
    "string": "string",
    "boolean": "boolean",
    "date": "date",
}


def logical(type_: DataType) -> LogicalType:
    """The contract's word for one of Spark's types; what is none of them is `binary`."""
    name = type_.simpleString()
    for beginning, word in (("array<", "array"), ("struct<", "object"), ("map<", "map"), ("time(", "time")):
        if name.startswith(beginning):
            return word  # type: ignore[return-value]
    if name.startswith("decimal("):
        return "integer" if name.endswith(",0)") else "number"
    return "string" if name.startswith(("char(", "varchar(")) else _SIMPLE.get(name, "binary")
