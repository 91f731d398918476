"""What each expectation of Great Expectations is in a contract: the same question, asked as the standard asks it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

TYPES = {
    **dict.fromkeys(("int", "int8", "int16", "int32", "int64", "INTEGER", "BIGINT", "SMALLINT"), "integer"),
    **dict.fromkeys(("float", "float32", "float64", "DOUBLE", "REAL", "NUMERIC", "DECIMAL"), "number"),
    **dict.fromkeys(("str", "object", "string", "VARCHAR", "TEXT"), "string"),
    **dict.fromkeys(("bool", "bool_", "boolean", "BOOLEAN"), "boolean"),
    **dict.fromkeys(("datetime", "datetime64[ns]", "datetime64", "Timestamp", "TIMESTAMP"), "timestamp"),
    **dict.fromkeys(("date", "DATE"), "date"),
}
_NUMBERS = {"integer", "number"}


class LostError(Exception):
    """Why an expectation cannot be carried over."""


@dataclass
class Draft:
    """The contract as it grows."""

    columns: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Column → property, in the order in which the suite names them."""
    table: list[dict[str, Any]] = field(default_factory=list)
    """Rules of the table's `quality`."""

    def column(self, name: str) -> dict[str, Any]:
        """The property of a column, begun where it is new."""
        return self.columns.setdefault(name, {"name": name})

    def rule(self, name: str, rule: Mapping[str, Any]) -> None:
        """Add to a column's `quality`."""
        self.column(name).setdefault("quality", []).append(dict(rule))

    def typed(self, name: str, type_: str) -> dict[str, Any]:
        """A column of this type, which options and values need to be compared as."""
        column = self.column(name)
        known = column.setdefault("logicalType", type_)
        if known != type_ and not {known, type_} <= _NUMBERS:
            raise LostError(f"an earlier expectation takes the column for {known}, this one for {type_}")
        return column

    def options(self, name: str, type_: str, **options: Any) -> None:
        """Add to a column's `logicalTypeOptions` what is not None."""
        given = {key: value for key, value in options.items() if value is not None}
        self.typed(name, type_).setdefault("logicalTypeOptions", {}).update(given)

    def query(self, name: str, query: str, **comparisons: Any) -> None:
        """Add an SQL rule about a column, which stands as `{property}` in the query."""
        self.rule(name, {"type": "sql", "query": query, **comparisons})

    def share(self, name: str, broken: str, arguments: Mapping[str, Any]) -> None:
        """Add an SQL rule: the share of a column's values that are broken is no larger than `mostly` leaves."""
        allowed = 100 * (1 - mostly(arguments))
        query = f"SELECT coalesce(100 * count_if({broken}) / count({{property}}), 0) FROM {{object}}"  # noqa: S608
        self.query(name, query, mustBeLessOrEqualTo=plain(float(f"{allowed:.6g}")))


Carry = Callable[[Draft, dict[str, Any]], None]


def mostly(arguments: Mapping[str, Any]) -> float:
    """The share of values that must keep the expectation."""
    return float(arguments.get("mostly") or 1.0)


def plain(number: float | None) -> float | None:
    """A whole number without its point."""
    return int(number) if number is not None and float(number).is_integer() else number


def literal(value: Any) -> str:
    """A value in SQL. Raises LostError for what is no simple one."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float) and math.isfinite(value):
        return repr(value)
    if isinstance(value, str) and "{" not in value:
        return "'" + value.replace("'", "''") + "'"
    raise LostError(f"the value {value!r} cannot stand in SQL")


def _exists(draft: Draft, arguments: dict[str, Any]) -> None:
    draft.column(arguments["column"])


def _not_null(draft: Draft, arguments: dict[str, Any]) -> None:
    if mostly(arguments) >= 1:
        draft.column(arguments["column"])["required"] = True
        return
    allowed = plain(float(f"{100 * (1 - mostly(arguments)):.6g}"))
    draft.rule(arguments["column"], {"metric": "nullValues", "mustBeLessOrEqualTo": allowed, "unit": "percent"})


def _unique(draft: Draft, arguments: dict[str, Any]) -> None:
    """With `mostly` every row of a repeated value counts, the first one too."""
    if mostly(arguments) >= 1:
        draft.column(arguments["column"])["unique"] = True
        return
    counted = "SELECT count({property}) AS rows FROM {object} GROUP BY {property}"
    query = f"SELECT coalesce(100 * sum(CASE WHEN rows > 1 THEN rows ELSE 0 END) / sum(rows), 0) FROM ({counted})"  # noqa: S608
    draft.query(arguments["column"], query, mustBeLessOrEqualTo=plain(float(f"{100 * (1 - mostly(arguments)):.6g}")))


def _between(draft: Draft, arguments: dict[str, Any]) -> None:
    low, high = arguments.get("min_value"), arguments.get("max_value")
    if not all(isinstance(one, int | float) for one in (low, high) if one is not None):
        raise LostError("its limits are no numbers")
    strict_low, strict_high = arguments.get("strict_min"), arguments.get("strict_max")
    if mostly(arguments) < 1:
        sides = [(low, "<=" if strict_low else "<"), (high, ">=" if strict_high else ">")]
        broken = " OR ".join(f"{{property}} {sign} {literal(limit)}" for limit, sign in sides if limit is not None)
        draft.typed(arguments["column"], "number")
        draft.share(arguments["column"], broken or "false", arguments)
        return
    draft.options(
        arguments["column"],
        "number",
        minimum=None if strict_low else plain(low),
        exclusiveMinimum=plain(low) if strict_low else None,
        maximum=None if strict_high else plain(high),
        exclusiveMaximum=plain(high) if strict_high else None,
    )


def values_of(arguments: Mapping[str, Any], key: str = "value_set") -> tuple[str, list[Any]]:
    """The type of a set's values, and the values. Raises LostError where they are of several."""
    values = arguments.get(key) or []
    kinds = {type(one) for one in values}
    types = {str: "string", bool: "boolean", int: "integer", float: "number"}
    if kinds == {int, float}:
        return "number", values
    if len(kinds) != 1 or not kinds <= types.keys():
        raise LostError("its values are of several types")
    return types[kinds.pop()], values


def in_set(draft: Draft, arguments: dict[str, Any]) -> None:
    """Every value is one of a set."""
    type_, values = values_of(arguments)
    draft.typed(arguments["column"], type_)
    if mostly(arguments) < 1:
        draft.share(arguments["column"], f"{{property}} NOT IN ({', '.join(map(literal, values))})", arguments)
        return
    draft.rule(arguments["column"], {"metric": "invalidValues", "arguments": {"validValues": values}, "mustBe": 0})


def _not_in_set(draft: Draft, arguments: dict[str, Any]) -> None:
    type_, values = values_of(arguments)
    draft.typed(arguments["column"], type_)
    draft.share(arguments["column"], f"{{property}} IN ({', '.join(map(literal, values))})", arguments)


def _matches(draft: Draft, arguments: dict[str, Any]) -> None:
    _match(draft, arguments, str(arguments["regex"]))


def _match(draft: Draft, arguments: dict[str, Any], pattern: str) -> None:
    draft.typed(arguments["column"], "string")
    if mostly(arguments) < 1:
        draft.share(arguments["column"], f"NOT regexp_matches({{property}}, {_in_sql(pattern)})", arguments)
        return
    draft.rule(arguments["column"], {"metric": "invalidValues", "arguments": {"pattern": pattern}, "mustBe": 0})


def _matches_list(draft: Draft, arguments: dict[str, Any]) -> None:
    patterns = [str(one) for one in arguments["regex_list"]]
    if arguments.get("match_on", "any") == "all":
        if mostly(arguments) < 1:
            raise LostError("a share of values that match all of several patterns")
        for pattern in patterns:
            _match(draft, arguments, pattern)
    else:
        _match(draft, arguments, _any(patterns))


def _matches_none(draft: Draft, arguments: dict[str, Any]) -> None:
    patterns = arguments.get("regex_list") or [arguments["regex"]]
    draft.typed(arguments["column"], "string")
    found = f"regexp_matches({{property}}, {_in_sql(_any(patterns))})"
    draft.share(arguments["column"], found, arguments)


def _any(patterns: Sequence[str]) -> str:
    """One pattern for several: each is found anywhere in the text, as ECMA-262 does too."""
    return patterns[0] if len(patterns) == 1 else "|".join(f"(?:{one})" for one in patterns)


def _in_sql(pattern: str) -> str:
    # braces of a repetition are not those of {property}
    return "'" + pattern.replace("'", "''") + "'"


def _like(draft: Draft, arguments: dict[str, Any], *, wanted: bool) -> None:
    patterns = arguments.get("like_pattern_list") or [arguments["like_pattern"]]
    joined = " AND " if arguments.get("match_on") == "all" else " OR "
    found = joined.join(f"{{property}} LIKE {literal(one)}" for one in patterns)
    draft.typed(arguments["column"], "string")
    draft.share(arguments["column"], f"NOT ({found})" if wanted else found, arguments)


def _lengths(draft: Draft, arguments: dict[str, Any]) -> None:
    low, high = arguments.get("min_value"), arguments.get("max_value")
    low = low + 1 if low is not None and arguments.get("strict_min") else low
    high = high - 1 if high is not None and arguments.get("strict_max") else high
    if mostly(arguments) < 1:
        sides = [
            f"length({{property}}) {sign} {limit}" for sign, limit in (("<", low), (">", high)) if limit is not None
        ]
        draft.typed(arguments["column"], "string")
        draft.share(arguments["column"], " OR ".join(sides) or "false", arguments)
        return
    draft.options(arguments["column"], "string", minLength=low, maxLength=high)


def _length(draft: Draft, arguments: dict[str, Any]) -> None:
    _lengths(draft, {**arguments, "min_value": arguments["value"], "max_value": arguments["value"]})


def _of_type(draft: Draft, arguments: dict[str, Any]) -> None:
    names = arguments.get("type_list") or [arguments.get("type_")]
    found = {TYPES.get(str(name)) for name in names}
    if len(found) != 1 or None in found:
        raise LostError(f"unknown or several types: {', '.join(map(repr, names))}")
    type_ = str(found.pop())
    draft.typed(arguments["column"], type_)["logicalType"] = type_


def _null(draft: Draft, arguments: dict[str, Any]) -> None:
    draft.column(arguments["column"])
    query = "SELECT 100 * count({property}) / count(*) FROM {object}"
    allowed = plain(float(f"{100 * (1 - mostly(arguments)):.6g}"))
    draft.query(arguments["column"], query, mustBeLessOrEqualTo=allowed)


def _parses(draft: Draft, arguments: dict[str, Any], broken: str) -> None:
    draft.typed(arguments["column"], "string")
    draft.share(arguments["column"], broken, arguments)


def _strftime(draft: Draft, arguments: dict[str, Any]) -> None:
    pattern = literal(str(arguments["strftime_format"]))
    _parses(draft, arguments, f"{{property}} IS NOT NULL AND try_strptime({{property}}, {pattern}) IS NULL")


def _json(draft: Draft, arguments: dict[str, Any]) -> None:
    _parses(draft, arguments, "NOT json_valid({property})")


OF_VALUES: dict[str, Carry] = {
    "expect_column_to_exist": _exists,
    "expect_column_values_to_not_be_null": _not_null,
    "expect_column_values_to_be_null": _null,
    "expect_column_values_to_be_unique": _unique,
    "expect_column_values_to_be_between": _between,
    "expect_column_values_to_be_in_set": in_set,
    "expect_column_values_to_not_be_in_set": _not_in_set,
    "expect_column_values_to_match_regex": _matches,
    "expect_column_values_to_match_regex_list": _matches_list,
    "expect_column_values_to_not_match_regex": _matches_none,
    "expect_column_values_to_not_match_regex_list": _matches_none,
    "expect_column_values_to_match_like_pattern": lambda draft, given: _like(draft, given, wanted=True),
    "expect_column_values_to_match_like_pattern_list": lambda draft, given: _like(draft, given, wanted=True),
    "expect_column_values_to_not_match_like_pattern": lambda draft, given: _like(draft, given, wanted=False),
    "expect_column_values_to_not_match_like_pattern_list": lambda draft, given: _like(draft, given, wanted=False),
    "expect_column_values_to_match_strftime_format": _strftime,
    "expect_column_values_to_be_json_parseable": _json,
    "expect_column_value_lengths_to_be_between": _lengths,
    "expect_column_value_lengths_to_equal": _length,
    "expect_column_values_to_be_of_type": _of_type,
    "expect_column_values_to_be_in_type_list": _of_type,
    "expect_column_type_to_be": _of_type,
}
"""Expectations of single values that have a counterpart that means the same."""
