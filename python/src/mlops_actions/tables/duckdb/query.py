"""SQL that a contract brings along: one SELECT over the tables that it is given, which can reach nothing else.

The parsed query is looked through before it runs: files, other tables and functions that read them are refused, and
only a SELECT can be parsed this way, so that nothing is written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mlops_actions.errors import InputError
from mlops_actions.tables.duckdb.types import quoted, typed
from mlops_actions.tables.interface import Answer, LogicalType

if TYPE_CHECKING:
    import duckdb

    from mlops_actions.tables.duckdb.reading import Reading

_HARMLESS = {"unnest", "range", "generate_series"}
"""Table functions that read nothing."""
_REFUSED = {"SHOW_REF": "SHOW, DESCRIBE or SUMMARIZE", "COLUMN_DATA": "data of its own"}


def run(
    text: str, tables: Mapping[str, tuple[Reading, Mapping[str, LogicalType]]], connection: duckdb.DuckDBPyConnection
) -> Answer:
    """The one value that the query gives. Raises InputError where it is wrong or gives anything else."""
    _refuse_reaching_out(_parsed(text, connection), {name.lower() for name in tables})
    cursor = connection.cursor()
    try:
        for name, (reading, types) in tables.items():
            cells = ", ".join(
                f"{typed(column, stored, types.get(column, 'string' if stored == 'text' else stored))} "
                f"AS {quoted(column)}"
                for column, stored in reading.stored.items()
            )
            cursor.execute(f"CREATE TEMP VIEW {quoted(name)} AS SELECT {cells} FROM {reading.source}")  # noqa: S608
        return Answer(_one_value(cursor, text))
    finally:
        cursor.close()


def _parsed(text: str, connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    (found,) = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [text]).fetchall()[0]
    parsed: dict[str, Any] = json.loads(found)
    if parsed["error"] and parsed["error_type"] == "not implemented":
        raise InputError("the SQL is no SELECT, which alone may run.", hint="Write one SELECT.")
    if parsed["error"]:
        raise InputError(f"the SQL cannot be read: {parsed['error_message']}.")
    if len(parsed["statements"]) != 1:
        raise InputError(f"the SQL holds {len(parsed['statements'])} statements.", hint="Write one SELECT.")
    return parsed


def _refuse_reaching_out(parsed: dict[str, Any], tables: set[str]) -> None:
    nodes = list(_nodes(parsed))
    named = {str(entry["key"]).lower() for node in nodes for entry in node.get("cte_map", {}).get("map", [])}
    for node in nodes:
        kind = node.get("type")
        if kind == "BASE_TABLE":
            path = [str(part) for part in node["qualified_name"]["path"]]
            if len(path) != 1 or path[0].lower() not in tables | named:
                hint = f"It may read {', '.join(sorted(tables))}."
                raise InputError(f"the SQL reads {'.'.join(path)!r}, which is no table of the contract.", hint=hint)
        if kind == "TABLE_FUNCTION" and (name := str(node["function"].get("function_name")).lower()) not in _HARMLESS:
            raise InputError(f"the SQL calls {name}, which could read more than the data.", hint="Leave it out.")
        if kind in _REFUSED and "alias" in node:
            raise InputError(f"the SQL uses {_REFUSED[str(kind)]}.", hint="Write a plain SELECT.")


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
        for part in tree.values():
            yield from _nodes(part)
    elif isinstance(tree, list):
        for part in tree:
            yield from _nodes(part)


def _one_value(cursor: duckdb.DuckDBPyConnection, text: str) -> Any:
    import duckdb

    try:
        rows = cursor.execute(text).fetchmany(2)
    except (duckdb.BinderException, duckdb.ParserException, duckdb.CatalogException) as error:
        told = str(error).splitlines()[0].partition(": ")[2].strip().rstrip(".!")
        raise InputError(f"the SQL fails: {told}.") from None
    except (duckdb.ConversionException, duckdb.InvalidInputException, duckdb.OutOfRangeException) as error:
        # its message would show a cell, which may be personal
        what = "cast" if "onver" in str(error) else "computed"
        raise InputError(f"the SQL fails: a value cannot be {what}.", hint="Try TRY_CAST, which gives NULL.") from None
    if len(rows) != 1 or len(rows[0]) != 1:
        found = f"{len(rows[0])} columns" if rows and len(rows[0]) != 1 else "no row" if not rows else "several rows"
        raise InputError(f"the SQL gives {found}.", hint="Give one value, such as SELECT count(*).")
    value = rows[0][0]
    return float(value) if isinstance(value, Decimal) else value
