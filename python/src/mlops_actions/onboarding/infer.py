"""Write a first data contract from data, to be read and changed."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mlops_actions.ci import CI
from mlops_actions.errors import InputError
from mlops_actions.evidence.store import write_whole
from mlops_actions.runner import Outcome


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`mlops-actions infer data/train.parquet --output contract.yaml`."""
    parser.add_argument("data", help="The data, as validate-data takes it.")
    parser.add_argument("--output", type=Path, help="File to write; one that is there stays. Default: print it.")
    parser.add_argument("--name", help="Name of the table. Default: after the data.")


def run(options: argparse.Namespace, ci: CI) -> Outcome:
    """Print or write the contract. Raises InputError where the file is there or the data is not."""
    if options.output and options.output.exists():
        raise InputError(f"{str(options.output)!r} is there already.", hint="Name another file with --output.")
    text, columns = infer(options.data, options.name)
    if options.output is None:
        sys.stdout.write(text)
        return Outcome(0, {})
    write_whole(options.output, text.encode())
    ci.say(f"Wrote {options.output}, a contract of {columns} columns; read it before you trust it.")
    return Outcome(0, {})


def infer(data: str, name: str | None = None) -> tuple[str, int]:
    """The contract's text, and how many columns it is about."""
    from mlops_actions.tables import open_table
    from mlops_actions.validate_data.inference.observing import observe
    from mlops_actions.validate_data.inference.writing import write_contract

    columns = observe(open_table(data))
    stem = Path(data.rstrip("/")).name.partition(".")[0].strip("*")
    return write_contract(name or stem, columns), len(columns)
