"""See that a registry is whole: every link of its logs, every digest of its models and statements."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict

from mlops_actions.ci import CI
from mlops_actions.ci.flags import add_inputs
from mlops_actions.ci.inputs import CommonInputs
from mlops_actions.errors import InputError, nearest
from mlops_actions.reports import text
from mlops_actions.reports.page import Page, Table
from mlops_actions.runner import Outcome, common_inputs

DAMAGED = 1
"""The exit code where something is wrong, as of an action that fails; 4 where the registry cannot be read at all."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`mlops-actions verify` or `mlops-actions verify flight-delay`."""
    parser.add_argument("model", nargs="?", help="Only this model. Default: all that are registered.")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="Default: text.")
    add_inputs(parser, CommonInputs, only={"config", "registry", "log"})


def run(options: argparse.Namespace, ci: CI) -> Outcome:
    """Read everything, and tell what is wrong and what to do about it."""
    from mlops_actions.registries import open_registry
    from mlops_actions.registries.verification import verify

    inputs = common_inputs(vars(options), os.environ)
    registry = open_registry(inputs.registry)
    names = registry.names()
    if options.model is not None and options.model not in names:
        raise InputError(
            f"the registry {registry.location!r} has no model {options.model!r}.", hint=nearest(options.model, names)
        )
    found = [verify(registry, name, ci.say) for name in names if options.model in (None, name)]
    problems = [problem for one in found for problem in one.problems]
    if options.format == "json":
        sys.stdout.write(json.dumps([asdict(one) for one in found], indent=1) + "\n")
    else:
        headings = ("model", "log entries", "versions", "let go", "statements", "problems")
        rows = tuple(
            (one.model, *map(str, (one.entries, one.versions, one.let_go, one.statements, len(one.problems))))
            for one in found
        )
        wrong = tuple((one.model, one.what, one.message, one.remedy) for one in problems)
        tables = (Table("Read", headings, rows), Table("Problems", ("model", "what", "is wrong", "what to do"), wrong))
        verdict = f"{len(problems)} problem(s)" if problems else "whole"
        sys.stdout.write(text.render(Page("Registry", "", f"{registry.location} is {verdict}.", tables)) + "\n")
    return Outcome(DAMAGED if problems else 0, {})
