"""Write a contract from a suite of Great Expectations, and list what could not be carried over."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlops_actions.ci import CI
from mlops_actions.errors import InputError
from mlops_actions.evidence.store import write_whole
from mlops_actions.runner import Outcome
from mlops_actions.validate_data.inference.writing import identifier, one_line

_TYPES = {
    **dict.fromkeys(("int", "int8", "int16", "int32", "int64", "INTEGER", "BIGINT", "SMALLINT"), "integer"),
    **dict.fromkeys(("float", "float32", "float64", "DOUBLE", "REAL", "NUMERIC", "DECIMAL"), "number"),
    **dict.fromkeys(("str", "object", "string", "VARCHAR", "TEXT"), "string"),
    **dict.fromkeys(("bool", "bool_", "boolean", "BOOLEAN"), "boolean"),
    **dict.fromkeys(("datetime", "datetime64[ns]", "datetime64", "Timestamp", "TIMESTAMP"), "timestamp"),
    **dict.fromkeys(("date", "DATE"), "date"),
}


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
        """A column that has at least this type: options and values need one to be compared as."""
        column = self.column(name)
        column.setdefault("logicalType", type_)
        return column

    def options(self, name: str, type_: str, **options: Any) -> None:
        """Add to a column's `logicalTypeOptions` what is not None."""
        given = {key: value for key, value in options.items() if value is not None}
        self.typed(name, type_).setdefault("logicalTypeOptions", {}).update(given)


Carry = Callable[[Draft, dict[str, Any]], None]


class _LostError(Exception):
    """Why an expectation cannot be carried over."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`mlops-actions import-expectations suite.json --output contract.yaml`."""
    parser.add_argument("suite", help="JSON of an expectation suite, of Great Expectations 0.x or 1.x.")
    parser.add_argument("--output", type=Path, help="File to write; one that is there stays. Default: print it.")


def run(options: argparse.Namespace, ci: CI) -> Outcome:
    """Print or write the contract; what is lost is said, each with its place in the suite."""
    if options.output and options.output.exists():
        raise InputError(f"{str(options.output)!r} is there already.", hint="Name another file with --output.")
    name, expectations = read_suite(options.suite)
    draft, lost = carry_over(expectations)
    for line in lost:
        ci.say(f"not carried over: {line}")
    if not draft.columns and not draft.table:
        raise InputError("nothing of the suite can be carried over.", where=options.suite)
    text = write(name, draft, lost)
    if options.output is None:
        sys.stdout.write(text)
    else:
        write_whole(options.output, text.encode())
        ci.say(f"Wrote {options.output}: {len(expectations) - len(lost)} of {len(expectations)} expectations.")
    return Outcome(0, {})


def read_suite(path: str) -> tuple[str, list[dict[str, Any]]]:
    """The suite's name, and its expectations as type, kwargs."""
    try:
        suite = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise InputError(f"the suite {path!r} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise InputError(f"not JSON: {error}.", where=path) from None
    expectations = suite.get("expectations") if isinstance(suite, dict) else None
    if not isinstance(expectations, list) or not all(isinstance(one, dict) for one in expectations):
        raise InputError("no list of `expectations`.", where=path, hint="Export the suite as JSON.")
    return str(suite.get("name") or suite.get("expectation_suite_name") or Path(path).stem), expectations


def carry_over(expectations: list[dict[str, Any]]) -> tuple[Draft, list[str]]:
    """The contract's parts, and one line for each expectation that has no counterpart."""
    draft, lost = Draft(), []
    for number, one in enumerate(expectations, start=1):
        kind = str(one.get("type") or one.get("expectation_type"))
        arguments = dict(one.get("kwargs") or {})
        try:
            if kind not in CARRIED:
                raise _LostError("no counterpart; write an `expression` or `type: sql` rule")
            CARRIED[kind](draft, arguments)
        except _LostError as error:
            about = arguments.get("column") or "the table"
            lost.append(f"{number}. {kind} of {about}: {error}")
    return draft, lost


def write(name: str, draft: Draft, lost: list[str]) -> str:
    """The contract's text; what was lost stands at its top, so that it is not forgotten."""
    notes = "".join(f"# Not carried over: {line}\n" for line in lost)
    table = "".join(f"      - {one_line(rule)}\n" for rule in draft.table)
    quality = f"    quality:\n{table}" if table else ""
    properties = "".join(f"      - {one_line(column)}\n" for column in draft.columns.values())
    table_name = identifier(name)
    return (
        f"# Written from the suite {name!r} of Great Expectations.\n{notes}"
        f"apiVersion: v3.1.0\nkind: DataContract\nid: {table_name}\nversion: 0.1.0\nstatus: draft\n"
        f"schema:\n  - name: {table_name}\n{quality}    properties:\n{properties}"
    )


def _share(arguments: dict[str, Any]) -> dict[str, Any]:
    """`mostly` as how many rows may fail."""
    mostly = float(arguments.get("mostly", 1.0))
    if mostly >= 1:
        return {"mustBe": 0}
    return {"mustBeLessOrEqualTo": _plain(float(f"{100 * (1 - mostly):.6g}")), "unit": "percent"}


def _exists(draft: Draft, arguments: dict[str, Any]) -> None:
    draft.column(arguments["column"])


def _not_null(draft: Draft, arguments: dict[str, Any]) -> None:
    if float(arguments.get("mostly", 1.0)) >= 1:
        draft.column(arguments["column"])["required"] = True
    else:
        draft.rule(arguments["column"], {"metric": "nullValues", **_share(arguments)})


def _unique(draft: Draft, arguments: dict[str, Any]) -> None:
    if float(arguments.get("mostly", 1.0)) >= 1:
        draft.column(arguments["column"])["unique"] = True
    else:
        draft.rule(arguments["column"], {"metric": "duplicateValues", **_share(arguments)})


def _between(draft: Draft, arguments: dict[str, Any]) -> None:
    low, high = arguments.get("min_value"), arguments.get("max_value")
    limits = [one for one in (low, high) if one is not None]
    if not all(isinstance(one, int | float) for one in limits):
        raise _LostError("its limits are no numbers")
    if float(arguments.get("mostly", 1.0)) < 1:
        raise _LostError("a share of rows outside a range; write an `expression` rule with a threshold")
    strict_low, strict_high = arguments.get("strict_min"), arguments.get("strict_max")
    draft.options(
        arguments["column"],
        "number",
        minimum=None if strict_low else _plain(low),
        exclusiveMinimum=_plain(low) if strict_low else None,
        maximum=None if strict_high else _plain(high),
        exclusiveMaximum=_plain(high) if strict_high else None,
    )


def _in_set(draft: Draft, arguments: dict[str, Any]) -> None:
    values = arguments.get("value_set") or []
    kinds = {type(one) for one in values}
    types = {str: "string", bool: "boolean", int: "integer", float: "number"}
    if len(kinds) != 1 or not kinds <= types.keys():
        raise _LostError("its values are of several types")
    draft.typed(arguments["column"], types[kinds.pop()])
    rule = {"metric": "invalidValues", "arguments": {"validValues": values}, **_share(arguments)}
    draft.rule(arguments["column"], rule)


def _matches(draft: Draft, arguments: dict[str, Any]) -> None:
    """Great Expectations matches from the beginning, ECMA-262 anywhere."""
    pattern = str(arguments["regex"])
    anchored = pattern if pattern.startswith("^") else f"^(?:{pattern})"
    draft.typed(arguments["column"], "string")
    rule = {"metric": "invalidValues", "arguments": {"pattern": anchored}, **_share(arguments)}
    draft.rule(arguments["column"], rule)


def _lengths(draft: Draft, arguments: dict[str, Any]) -> None:
    if float(arguments.get("mostly", 1.0)) < 1:
        raise _LostError("a share of rows of another length; write a pattern with a threshold")
    draft.options(
        arguments["column"], "string", minLength=arguments.get("min_value"), maxLength=arguments.get("max_value")
    )


def _length(draft: Draft, arguments: dict[str, Any]) -> None:
    _lengths(draft, {**arguments, "min_value": arguments["value"], "max_value": arguments["value"]})


def _of_type(draft: Draft, arguments: dict[str, Any]) -> None:
    type_ = _TYPES.get(str(arguments.get("type_")))
    if type_ is None:
        raise _LostError(f"unknown type {arguments.get('type_')!r}")
    draft.column(arguments["column"])["logicalType"] = type_


def _row_count(draft: Draft, arguments: dict[str, Any]) -> None:
    for key, word in (("min_value", "mustBeGreaterOrEqualTo"), ("max_value", "mustBeLessOrEqualTo")):
        if arguments.get(key) is not None:
            draft.table.append({"metric": "rowCount", word: arguments[key]})


def _rows(draft: Draft, arguments: dict[str, Any]) -> None:
    draft.table.append({"metric": "rowCount", "mustBe": arguments["value"]})


def _together_unique(draft: Draft, arguments: dict[str, Any]) -> None:
    columns = arguments["column_list"]
    for column in columns:
        draft.column(column)
    draft.table.append({"metric": "duplicateValues", "arguments": {"properties": columns}, **_share(arguments)})


def _pair(draft: Draft, arguments: dict[str, Any]) -> None:
    left, right = arguments["column_A"], arguments["column_B"]
    if not (left.isidentifier() and right.isidentifier()):
        raise _LostError("names that an `expression` cannot hold")
    for column in (left, right):
        draft.typed(column, "number")
    sign = ">=" if arguments.get("or_equal") else ">"
    check = {"check": "expression", "holds": f"{left} {sign} {right}"}
    draft.table.append({"type": "custom", "engine": "mlops-actions", "implementation": check})


def _plain(number: float | None) -> float | None:
    return int(number) if number is not None and float(number).is_integer() else number


CARRIED: dict[str, Carry] = {
    "expect_column_to_exist": _exists,
    "expect_column_values_to_not_be_null": _not_null,
    "expect_column_values_to_be_unique": _unique,
    "expect_column_values_to_be_between": _between,
    "expect_column_values_to_be_in_set": _in_set,
    "expect_column_values_to_match_regex": _matches,
    "expect_column_value_lengths_to_be_between": _lengths,
    "expect_column_value_lengths_to_equal": _length,
    "expect_column_values_to_be_of_type": _of_type,
    "expect_table_row_count_to_be_between": _row_count,
    "expect_table_row_count_to_equal": _rows,
    "expect_compound_columns_to_be_unique": _together_unique,
    "expect_column_pair_values_a_to_be_greater_than_b": _pair,
}
"""What has a counterpart that means the same."""
