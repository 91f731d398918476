"""SQL that a contract brings along, read before it runs: one SELECT over the tables that it is given.

The parsed query is looked through: files, other tables and functions that read them are refused, and only a SELECT can
be parsed this way, so that nothing is written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mlops_actions.errors import InputError

if TYPE_CHECKING:
    import duckdb

_HARMLESS = {"unnest", "range", "generate_series"}
"""Table functions that read nothing."""
_REFUSED = {"SHOW_REF": "SHOW, DESCRIBE or SUMMARIZE", "COLUMN_DATA": "data of its own"}


def read(text: str, tables: set[str], connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The nodes of the parsed query. Raises InputError where it is wrong or would reach anything but the tables."""
    nodes = list(_nodes(_parsed(text, connection)))
    _refuse_reaching_out(nodes, {name.lower() for name in tables})
    return nodes


def one_value(rows: list[tuple[Any, ...]]) -> Any:
    """The value in the first two rows of an answer. Raises InputError where there is not just one."""
    if len(rows) != 1 or len(rows[0]) != 1:
        found = f"{len(rows[0])} columns" if rows and len(rows[0]) != 1 else "no row" if not rows else "several rows"
        raise InputError(f"the SQL gives {found}.", hint="Give one value, such as SELECT count(*).")
    value = rows[0][0]
    return float(value) if isinstance(value, Decimal) else value


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


def _refuse_reaching_out(nodes: list[dict[str, Any]], tables: set[str]) -> None:
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
