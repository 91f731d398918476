"""A contract's SQL over tables of Spark: what DuckDB and Spark read alike runs here, and nothing else does.

One text must mean the same to both, and what was looked through by DuckDB's parser must be what Spark runs. So only
signs are taken that both read alike, and only functions that are known to give the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from mlops_actions.errors import InputError
from mlops_actions.tables import sql
from mlops_actions.tables.interface import Answer, Unanswered
from mlops_actions.tables.spark.types import quoted

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_TOKEN = re.compile(
    r"""(?P<space>\s+)|(?P<string>'[^'\\]*')|"(?P<name>[^"`\\]+)"|(?P<word>[A-Za-z_]\w*)"""
    r"""|(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<sign><>|[<>!=]=|\|\||[-+*/%=<>(),.])""",
    re.ASCII,
)
_ALIKE = {
    *("+", "-", "*", "/", "%", "||", "~~", "!~~", "coalesce", "nullif", "greatest", "least", "abs", "round"),
    *("count", "count_star", "count_if", "sum", "min", "max", "avg", "bool_and", "bool_or", "floor", "ceil", "ceiling"),
    *("lower", "upper", "length", "year", "month", "day", "hour", "minute"),
}
"""Functions, as DuckDB's parser calls them, that give the same on both."""
_LIKE = {"~~", "!~~"}
"""A backslash in the pattern escapes in Spark, and not in DuckDB; a literal holds none, as `_TOKEN` takes none."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?")
"""What both read alike as a date or a timestamp; other casts round, or are written otherwise."""
_OTHERWISE = {
    "WINDOW": "window functions",
    "ORDER_MODIFIER": "ORDER BY",
    "LIMIT_MODIFIER": "LIMIT",
    "TABLE_FUNCTION": "table functions",
    "LAMBDA": "lambda functions",
}
"""What both have and do not do alike: missing cells come last in DuckDB, first in Spark."""


def run(text: str, tables: Mapping[str, DataFrame], session: SparkSession) -> Answer | Unanswered:
    """The one value that the query gives. Raises InputError where it is wrong, or would reach anything else."""
    understood = understand(text, set(tables))
    if isinstance(understood, Unanswered):
        return understood
    views = {name: f"mlops_{uuid4().hex}" for name in tables}
    named = ", ".join(f"{quoted(name)} AS (SELECT * FROM {view})" for name, view in views.items())  # noqa: S608
    try:
        for name, view in views.items():
            tables[name].createOrReplaceTempView(view)
        return Answer(_one_value(f"WITH {named} SELECT * FROM ({understood})", session))  # noqa: S608
    finally:
        for view in views.values():
            session.catalog.dropTempView(view)


def understand(text: str, tables: set[str]) -> str | Unanswered:
    """The query for Spark, where it means there what it means to DuckDB.

    Raises InputError where it is wrong, or would reach anything but the tables.
    """
    import duckdb

    nodes = sql.read(text, tables, duckdb.connect())
    odd = _odd_word(nodes)
    return _otherwise(odd) if odd else translate(text)


def _otherwise(what: str) -> Unanswered:
    return Unanswered(f"Spark may read {what} otherwise than DuckDB, whose SQL a contract holds")


def translate(text: str) -> str | Unanswered:
    """The query as Spark takes it, or the first sign that it could take for another one.

    >>> translate('SELECT count(*) FROM "odd name";')
    'SELECT count(*) FROM `odd name`'
    >>> translate("SELECT 1 -- that")
    Unanswered(why="Spark may read '--' otherwise than DuckDB, whose SQL a contract holds")
    """
    text = text.strip().removesuffix(";")
    written = ""
    place = 0
    before = ""
    while place < len(text):
        found = _TOKEN.match(text, place)
        token, kind = (found[0], str(found.lastgroup)) if found else (text[place], "")
        glued = f"{before[-1:]}{token[0]}"
        if not found or glued in ("--", "/*", "//", "''") or (kind == "string" and re.match(r"\w'|['\"]", glued)):
            odd = glued if found else token
            return _otherwise(repr(odd))
        written += quoted(found["name"]) if kind == "name" else token
        before = token if kind != "space" else "'" if before[-1:] == "'" else " "
        place = found.end()
    return written


def _odd_word(nodes: list[dict[str, Any]]) -> str | None:
    for node in nodes:
        kind, class_ = str(node.get("type")), str(node.get("class"))
        if (word := _OTHERWISE.get(class_) or _OTHERWISE.get(kind)) and not (
            kind == "ORDER_MODIFIER" and not node["orders"]
        ):
            return word
        if class_ == "FUNCTION" and (name := str(node.get("function_name")).lower()) not in _ALIKE:
            return f"the function {name}"
        if class_ == "FUNCTION" and name in _LIKE and node["arguments"][1]["expression"]["class"] != "CONSTANT":
            return "LIKE with a pattern that is no literal"
        if class_ == "CAST" and not _MOMENT.fullmatch(str((node["child"].get("literal") or {}).get("text"))):
            return "a cast"
    return None


def _one_value(text: str, session: SparkSession) -> Any:
    from pyspark.errors import (
        AnalysisException,
        ArithmeticException,
        DateTimeException,
        NumberFormatException,
        ParseException,
    )

    try:
        found = session.sql(text).limit(2).collect()
    except (ArithmeticException, NumberFormatException, DateTimeException):
        # its message would show a cell, which may be personal
        hint = "Divide by nullif(…, 0), and try TRY_CAST, which gives NULL."
        raise InputError("the SQL fails: a value cannot be computed on Spark.", hint=hint) from None
    except (AnalysisException, ParseException) as error:
        told = re.sub(r"^\[\S+\]\s*", "", str(error).splitlines()[0]).partition(" SQLSTATE")[0].rstrip(". ")
        raise InputError(f"the SQL fails on Spark: {told}.") from None
    return sql.one_value([tuple(row) for row in found])
