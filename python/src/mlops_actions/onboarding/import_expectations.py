"""Write a contract from a suite of Great Expectations, and list what could not be carried over."""

from __future__ import annotations

import argparse
import json
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

from mlops_actions.ci import CI
from mlops_actions.errors import InputError
from mlops_actions.evidence.store import write_whole
from mlops_actions.onboarding.expectations import OF_VALUES, Draft, LostError
from mlops_actions.onboarding.expectations_of_tables import OF_TABLES, WHY_LOST
from mlops_actions.runner import Outcome
from mlops_actions.validate_data.inference.writing import identifier, one_line

_CARRIED = OF_VALUES | OF_TABLES


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
        before = deepcopy(draft)
        try:
            if kind not in _CARRIED:
                raise LostError(WHY_LOST.get(kind, "no counterpart; write an `expression` or `type: sql` rule"))
            if arguments.get("row_condition"):
                raise LostError("it asks only of rows with a row_condition; write an `expression` rule")
            _CARRIED[kind](draft, arguments)
        except LostError as error:
            draft = before
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
