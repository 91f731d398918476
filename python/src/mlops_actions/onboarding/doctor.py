"""Say what is wrong with a set-up before a run does: machine, mlops.yml, registry, sandbox, workflows."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from mlops_actions import __version__
from mlops_actions.ci import CI
from mlops_actions.ci.flags import add_inputs
from mlops_actions.ci.inputs import CommonInputs
from mlops_actions.ci.sources import GivenInputs, read_inputs
from mlops_actions.errors import InputError, MlopsError
from mlops_actions.onboarding.workflow_review import review
from mlops_actions.release_train import plan
from mlops_actions.runner import Outcome, common_inputs

Level = Literal["ok", "warning", "problem"]

_LOADERS = {".joblib": "joblib", ".skops": "skops", ".onnx": "onnxruntime"}
"""A model's suffix → what its Python needs at least to load it."""


@dataclass(frozen=True)
class Finding:
    """What was looked at, and what to do where it is not well."""

    level: Level
    about: str
    message: str
    where: str | None = None
    remedy: str | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`mlops-actions doctor`."""
    parser.add_argument("--format", choices=("text", "json"), default="text", help="Default: text.")
    add_inputs(parser, CommonInputs, only={"config", "name", "registry", "log"})


def run(options: argparse.Namespace, ci: CI) -> Outcome:  # noqa: ARG001  every command is given it
    """Print every finding; exit code 1 where one is a problem."""
    given = {key: value for key, value in vars(options).items() if key != "format"}
    findings = [found for look in (_machine, _train, _registry, _sandbox, _workflows) for found in _asked(look, given)]
    if options.format == "json":
        sys.stdout.write(json.dumps([asdict(one) for one in findings], indent=1) + "\n")
    else:
        sys.stdout.write("".join(f"{_line(one)}\n" for one in findings))
    return Outcome(int(any(one.level == "problem" for one in findings)), {})


def _asked(look: Callable[[dict[str, object]], Iterator[Finding]], given: dict[str, object]) -> Iterator[Finding]:
    about = look.__name__.removeprefix("_")
    try:
        yield from look(given)
    except MlopsError as error:
        yield Finding("problem", about, error.message, error.where, error.hint)


def _machine(given: dict[str, object]) -> Iterator[Finding]:  # noqa: ARG001
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.platform == "linux":
        yield Finding("ok", "machine", f"mlops-actions {__version__} on Python {version}, Linux")
    elif sys.platform == "darwin":
        remedy = "Give evaluate-model `isolation: process`, or run it on Linux."
        yield Finding("warning", "machine", "macOS has no strict isolation of models.", remedy=remedy)
    else:
        raise InputError(f"{sys.platform} is not supported.", hint="Use Linux, macOS or WSL.")


def _train(given: dict[str, object]) -> Iterator[Finding]:
    config = str(given.get("config") or CommonInputs.model_fields["config"].default)
    if not Path(config).exists():
        raise InputError(f"there is no {config}.", hint="Write it, or let `mlops-actions init` do so.")
    _, stages = plan(given, os.environ)
    yield Finding("ok", "train", f"{config}: {' → '.join(stage for stage, _ in stages)}")


def _registry(given: dict[str, object]) -> Iterator[Finding]:
    from mlops_actions.registries import open_registry

    inputs = common_inputs(given, os.environ)
    registry = open_registry(inputs.registry)
    names = registry.names()
    if inputs.name is None:
        remedy = "Set `name` in mlops.yml."
        yield Finding("warning", "registry", "the model has no name in the registry.", remedy=remedy)
    elif inputs.name in names:
        aliases = registry.head(inputs.name).aliases
        named = ", ".join(sorted(aliases)) or "none"
        yield Finding("ok", "registry", f"{inputs.registry} knows {inputs.name!r}; aliases: {named}")
    else:
        yield Finding("ok", "registry", f"{inputs.registry} can be read; {inputs.name!r} will be its first model there")
    if inputs.registry.startswith("file:") and os.environ.get("RUNNER_ENVIRONMENT") == "github-hosted":
        remedy = "Give a bucket, such as s3://models/registry."
        yield Finding("problem", "registry", "this runner forgets its disk, the registry with it.", remedy=remedy)


def _sandbox(given: dict[str, object]) -> Iterator[Finding]:
    from mlops_actions.evaluate_model.action import Inputs
    from mlops_actions.evaluate_model.sandbox import choose, find_interpreter

    for stage, found in _stages(given):
        if stage == "evaluate-model":
            inputs = read_inputs(Inputs, found, stage)
            interpreter = find_interpreter(inputs.python, "python")
            sandbox = choose(inputs.isolation, interpreter)
            yield Finding("ok", "sandbox", f"isolation {inputs.isolation} {sandbox.means}".rstrip())
            module = _LOADERS.get(Path(inputs.model or "").suffix)
            if module and not inputs.environment and not _has(interpreter.executable, module):
                message = f"{inputs.python!r} has no {module}, which loads {inputs.model}."
                remedy = "Give `python`, the one that the model was trained with, or an `environment`."
                yield Finding("problem", "sandbox", message, remedy=remedy)


def _has(python: str, module: str) -> bool:
    command = [python, "-I", "-c", f"import {module}"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _stages(given: dict[str, object]) -> list[tuple[str, GivenInputs]]:
    """None where the train itself is wrong, which has been said then."""
    try:
        return plan(given, os.environ)[1]
    except MlopsError:
        return []


def _workflows(given: dict[str, object]) -> Iterator[Finding]:  # noqa: ARG001
    files = sorted(Path(".github/workflows").glob("*.y*ml"))
    for path in files:
        remarks = list(review(path))
        yield from (Finding(one.level, "workflows", one.message, one.where, one.remedy) for one in remarks)
        if not remarks:
            yield Finding("ok", "workflows", str(path))


def _line(one: Finding) -> str:
    where = f"{one.where}: " if one.where else ""
    remedy = f"\n           {one.remedy}" if one.remedy else ""
    return f"{one.level:<9}{one.about:<11}{where}{one.message}{remedy}"
