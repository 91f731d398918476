"""Copy a registered model to a file, or to a folder where it is one."""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
from pathlib import Path

from mlops_actions.ci import CI
from mlops_actions.ci.flags import add_inputs
from mlops_actions.ci.inputs import CommonInputs
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evidence.store import write_whole
from mlops_actions.runner import Outcome, common_inputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`mlops-actions pull name@champion --output model.joblib`."""
    parser.add_argument("model", help="A reference: name@alias, name:version or sha256:….")
    parser.add_argument(
        "--output", required=True, metavar="PATH", help="File to write; of a model that is a folder, a new folder."
    )
    add_inputs(parser, CommonInputs, only={"config", "name", "registry", "log"})


def run(options: argparse.Namespace, ci: CI) -> Outcome:  # noqa: ARG001  every command is given it
    """Resolve the reference and copy the verified bytes."""
    from mlops_actions.registries.reference import is_reference, resolve

    if not is_reference(options.model):
        raise InputError(f"{options.model!r} names no model in a registry.", hint="Write name@alias or name:version.")
    inputs = common_inputs(vars(options), os.environ)
    model = resolve(options.model, inputs.registry, inputs.name)
    output = Path(options.output)
    if model.path.is_dir():
        _copy_folder(model.path, output)
    else:
        write_whole(output, model.path.read_bytes())
    return Outcome(0, {"path": options.output, "sha256": model.sha256})


def _copy_folder(folder: Path, output: Path) -> None:
    if output.exists():
        raise InputError(f"{str(output)!r} is there already, and the model is a folder.", hint="Name a new folder.")
    partial = output.with_name(f".{output.name}.{secrets.token_hex(4)}")
    try:
        shutil.copytree(folder, partial)
        partial.rename(output)
    except OSError as error:
        raise OutsideError(f"the model cannot be written to {str(output)!r}: {error.strerror or error}.") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
