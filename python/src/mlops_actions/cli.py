"""The command line: every action, the whole train, and what people ask about a model afterwards."""

from __future__ import annotations

import argparse
import ast
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn, Protocol, cast

from mlops_actions import __version__, cancellation
from mlops_actions.ci import CI, detect
from mlops_actions.ci.flags import add_inputs
from mlops_actions.ci.streams import show, usable
from mlops_actions.errors import CancelledError, InputError, nearest
from mlops_actions.runner import ACTIONS, Outcome, conclude, guarded, load_action, run_action

COMMANDS = {
    "init": "mlops_actions.onboarding.init",
    "doctor": "mlops_actions.onboarding.doctor",
    "check": "mlops_actions.onboarding.check",
    "infer": "mlops_actions.onboarding.infer",
    "run": "mlops_actions.release_train",
    "record": "mlops_actions.record",
    "trace": "mlops_actions.trace",
    "history": "mlops_actions.history",
    "diff": "mlops_actions.diff",
    "simulate": "mlops_actions.simulate",
    "explain": "mlops_actions.explain",
    "import": "mlops_actions.import_models",
    "import-expectations": "mlops_actions.onboarding.import_expectations",
    "verify": "mlops_actions.verify",
    "gc": "mlops_actions.gc",
    "attest": "mlops_actions.attest",
    "comment": "mlops_actions.comment",
    "pull": "mlops_actions.pull",
}
"""Name → module; its docstring's first line says what the command does."""


class Command(Protocol):
    """What a command's module holds."""

    __doc__: str | None

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare flags and positions."""

    def run(self, options: argparse.Namespace, ci: CI) -> Outcome:
        """Do the work; the caller shows the outputs."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; without `arguments`, those of the process, which then ends."""
    exit_code = _run(list(sys.argv[1:] if arguments is None else arguments))
    if arguments is None and exit_code == CancelledError.exit_code:
        cancellation.ignore_signals()
    return exit_code


def _run(words: list[str]) -> int:
    as_json = words[:1] == ["--json"]
    words = words[as_json:]
    ci = detect(os.environ, usable(sys.stdout), usable(sys.stderr), as_json=as_json)
    if not words or words[0] in {"-h", "--help", "help"}:
        return _show(_overview())
    if words[0] in {"-V", "--version"}:
        return _show(f"mlops-actions {__version__}")
    if words[0] in ACTIONS:
        return _action(words[0], words[1:], ci)
    return conclude(ci, guarded(ci, lambda: _command(words[0], words[1:], ci, as_json=as_json)))


def _action(name: str, words: list[str], ci: CI) -> int:
    module = load_action(name)

    def flags() -> dict[str, object]:
        parser = _Parser(prog=f"mlops-actions {name}", description=first_line(module), allow_abbrev=False)
        add_inputs(parser, module.Inputs)
        return vars(parser.parse_args(words))

    return run_action(name, flags, os.environ, ci)


def _command(name: str, words: list[str], ci: CI, *, as_json: bool) -> Outcome:
    if name not in COMMANDS:
        raise InputError(f"there is no command {name!r}.", hint=nearest(name, [*ACTIONS, *COMMANDS]))
    module = cast("Command", import_module(COMMANDS[name]))
    parser = _Parser(prog=f"mlops-actions {name}", description=first_line(module), allow_abbrev=False)
    module.add_arguments(parser)
    options = parser.parse_args(words)
    if as_json and "format" in options:
        options.format = "json"
    return module.run(options, ci)


def first_line(module: object) -> str:
    """The first line of a module's docstring."""
    return (module.__doc__ or "").strip().partition("\n")[0]


def _first_line_of(module: str) -> str:
    """The same of a module that is not imported: what it needs may not be installed, and takes its time."""
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"No module named {module!r}", name=module)
    return (ast.get_docstring(ast.parse(Path(spec.origin).read_bytes())) or "").partition("\n")[0]


def _overview() -> str:
    described = [(name, first_line(load_action(name))) for name in ACTIONS]
    described += [(name, _first_line_of(module)) for name, module in COMMANDS.items()]
    lines = "\n".join(f"  {name:<21}{text}" for name, text in described)
    return (
        "usage: mlops-actions [--json] COMMAND [FLAGS]\n\n"
        f"{lines}\n\n"
        "Each command has --help. Flags win over INPUT_* variables, those over mlops.yml."
    )


def _show(text: str) -> int:
    show(text, usable(sys.stdout))
    return 0


class _Parser(argparse.ArgumentParser):
    """A parser whose errors leave through the one way out."""

    def error(self, message: str) -> NoReturn:
        """Raise what the runner shows."""
        raise InputError(f"{message}.", hint=f"See `{self.prog} --help`.")
