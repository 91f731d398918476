"""Copy a registered model to a file."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from mlops_actions.ci import CI
from mlops_actions.ci.flags import add_inputs
from mlops_actions.ci.inputs import CommonInputs
from mlops_actions.errors import InputError
from mlops_actions.evidence.store import write_whole
from mlops_actions.runner import Outcome, common_inputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`mlops-actions pull name@champion --output model.joblib`."""
    parser.add_argument("model", help="A reference: name@alias, name:version or sha256:….")
    parser.add_argument("--output", required=True, metavar="PATH", help="File to write.")
    add_inputs(parser, CommonInputs, only={"config", "name", "registry", "log"})


def run(options: argparse.Namespace, ci: CI) -> Outcome:  # noqa: ARG001  every command is given it
    """Resolve the reference and copy the verified bytes."""
    from mlops_actions.registries.reference import resolve

    inputs = common_inputs(vars(options), os.environ)
    model = resolve(options.model, inputs.registry, inputs.name)
    if model.path.is_dir():
        raise InputError(f"{options.model!r} is a folder.", hint="Copy it as it is; registered models are files.")
    write_whole(Path(options.output), model.path.read_bytes())
    return Outcome(0, {"path": options.output, "sha256": model.sha256})
