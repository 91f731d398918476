"""`type: sql`: a query that gives a number or a truth, with the names of table and column filled in."""

from __future__ import annotations

import re
from typing import Any

from mlops_actions.errors import InputError
from mlops_actions.validate_data.rules import NotChecked, Property, Sql
from mlops_actions.yaml_source import Keys, YamlSource

_PLACE = re.compile(r'"?\$?\{(object|table|model|schema|property|column|field)\}"?')
_OF_COLUMN = ("property", "column", "field")


def read_sql(
    block: dict[str, Any], keys: Keys, source: YamlSource, table: str, column: Property | None
) -> Sql | NotChecked:
    """The query as it is run; InputError where there is none, or it names the column of no column."""
    query = block.get("query")
    if not isinstance(query, str) or not query.strip():
        raise InputError("an SQL rule needs a query.", where=source.where(*keys), hint="Write query: SELECT count(*) …")
    words = {match[1] for match in _PLACE.finditer(query)}
    if column is None and (word := next((word for word in _OF_COLUMN if word in words), None)):
        raise InputError(
            f"{{{word}}} stands for the column of a rule below a property.", where=source.where(*keys, "query")
        )
    if column is not None and column.level:
        return NotChecked("SQL rules on items of lists are not run")

    def filled(match: re.Match[str]) -> str:
        path = column.path if match[1] in _OF_COLUMN and column else (table,)
        return ".".join('"' + part.replace('"', '""') + '"' for part in path)

    return Sql(_PLACE.sub(filled, query))
