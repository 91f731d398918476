"""Run a training command and record what makes its model reproducible.

The command's exit code is passed on, 128 and its number for a signal. Parameters are read before it runs, the
model and its metrics after.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlops_actions.ci import CI
from mlops_actions.ci.flags import add_inputs
from mlops_actions.ci.git import checkout, dirty
from mlops_actions.ci.inputs import CommonInputs, split_words
from mlops_actions.errors import CancelledError, InputError
from mlops_actions.evidence import EvidenceStore, Material, Statement, digest_path
from mlops_actions.evidence.training import Training
from mlops_actions.runner import Outcome, common_inputs, with_provenance

log = logging.getLogger(__name__)

_SECONDS_TO_CLEAN_UP = 5.0
"""A runner kills all of us 10 seconds after the first signal."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`mlops-actions record --model build/m.joblib --data data/train.parquet -- python train.py`."""
    parser.add_argument("--model", required=True, metavar="PATH", help="The file or folder that the command writes.")
    parser.add_argument("--data", default="", metavar="PATHS", help="What it reads, separated by commas.")
    parser.add_argument("--lock", metavar="PATH", help="The file that locks its environment.")
    parser.add_argument("--parameters", metavar="PATH", help="A JSON file of parameters.")
    parser.add_argument("--metrics", metavar="PATH", help="A JSON file of numbers that the command writes.")
    parser.add_argument("--seed", type=int, metavar="NUMBER", help="The seed that it was given, to be recorded.")
    add_inputs(parser, CommonInputs, only={"config", "evidence"})
    parser.add_argument("command", nargs=argparse.REMAINDER, help="-- and the command.")


def run(options: argparse.Namespace, ci: CI) -> Outcome:
    """Run the command, then write the training statement about the model it left."""
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        raise InputError("there is no command to record.", hint="Write it after `--`: `record … -- python train.py`.")
    inputs = common_inputs(vars(options), os.environ)
    data = [_material(path) for path in _paths(options.data)]
    lock = digest_path(options.lock) if options.lock else None
    parameters = {key: str(value) for key, value in _read_json(options.parameters, "parameters").items()}
    started, clock = datetime.now(UTC), time.monotonic()
    exit_code = _run(command)
    if exit_code:
        log.info("The command ended with code %s: nothing is recorded.", exit_code)
        return Outcome(exit_code, {})
    _refuse_untouched(Path(options.model), started)
    commit, _ = checkout()
    training = Training(
        result="pass",
        materials=data,
        command=command,
        exit_code=exit_code,
        seconds=time.monotonic() - clock,
        commit=commit,
        dirty=dirty(),
        lock=lock,
        python=_python_version(command[0]),
        parameters=parameters,
        seed=options.seed,
        metrics=_numbers(options.metrics),
    )
    statement = Statement(options.model, digest_path(options.model), training)
    path = EvidenceStore(inputs.evidence).write(with_provenance(statement, ci.context(), started))
    return Outcome(0, {"statement": str(path), "subject-sha256": statement.sha256}, statement, path)


def _run(command: list[str]) -> int:
    """Run to the end. A cancel is handed on, and the command gets some seconds to clean up by itself."""
    try:
        process = subprocess.Popen(command, env=_callers(os.environ))
    except OSError as error:
        raise InputError(f"{command[0]!r} cannot be run: {error.strerror}.") from None
    try:
        code = process.wait()
    except CancelledError:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_SECONDS_TO_CLEAN_UP)
        raise
    finally:
        process.kill()
        process.wait()
    return code if code >= 0 else 128 - code


def _refuse_untouched(model: Path, started: datetime) -> None:
    """A model that was there before is not what the command made."""
    files = [file for file in (model.rglob("*") if model.is_dir() else [model]) if file.is_file()]
    # A second of grace, since file systems and clocks round differently.
    if files and max(file.stat().st_mtime for file in files) < started.timestamp() - 1:
        raise InputError(
            f"the command did not write {str(model)!r}: the model is older than the command.",
            where="--model",
            hint="Name the file that it writes.",
        )


def _callers(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment as it was before `python/launch` put our own packages first."""
    caller = {name: value for name, value in environ.items() if name != "PYTHONPATH"}
    before = environ.get("MLOPS_ACTIONS_CALLERS_PYTHONPATH", environ.get("PYTHONPATH", ""))
    return caller | ({"PYTHONPATH": before} if before else {})


def _paths(text: str) -> list[str]:
    paths = split_words(text)
    return paths if isinstance(paths, list) else []


def _material(path: str) -> Material:
    return Material(name="data", uri=path, digest={"sha256": digest_path(path)})


def _python_version(program: str) -> str | None:
    if not Path(program).name.startswith("python"):
        return None
    asked = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    return asked.stdout.removeprefix("Python ").strip() or None


def _numbers(path: str | None) -> dict[str, float]:
    values = _read_json(path, "metrics")
    return {key: float(value) for key, value in values.items() if type(value) in (int, float)}


def _read_json(path: str | None, what: str) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        found = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise InputError(f"--{what} {path!r} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise InputError(f"--{what} is not JSON: {error}.", where=path) from None
    if not isinstance(found, dict):
        raise InputError(f"--{what} must hold one JSON object, found {type(found).__name__}.", where=path)
    return found
