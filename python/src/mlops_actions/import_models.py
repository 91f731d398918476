"""Register the models in a folder, oldest first, so that their history begins with what there was before."""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path

from mlops_actions import __version__
from mlops_actions.ci import CI, current
from mlops_actions.ci.flags import add_inputs
from mlops_actions.ci.inputs import CommonInputs
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.registries import Author, Registry
from mlops_actions.registries.interface import NAME
from mlops_actions.runner import Outcome, common_inputs

ALIAS = "imported"
_ATTEMPTS = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`mlops-actions import old-models --name flight-delay`."""
    parser.add_argument("folder", help="Folder of model files; hidden ones and folders in it are left out.")
    parser.add_argument("--pattern", default="*", help="Which of its files, such as `*.joblib`. Default: all.")
    told = "Which are older: by `name` (model-2 before model-10) or by `time` of the file. Default: name."
    parser.add_argument("--order", choices=("name", "time"), default="name", help=told)
    named = f"Alias that names each in turn, the newest at last. Default: {ALIAS}."
    parser.add_argument("--alias", default=ALIAS, help=named)
    add_inputs(parser, CommonInputs, only={"config", "name", "registry"})


def run(options: argparse.Namespace, ci: CI) -> Outcome:
    """Register each model once; what is there already is left alone, so that a killed import can be run again."""
    from mlops_actions.registries import open_registry

    inputs = common_inputs(vars(options), os.environ)
    if inputs.name is None:
        raise InputError("under which name is not said.", hint="Give --name.")
    if not re.fullmatch(NAME, options.alias):
        raise InputError(
            f"{options.alias!r} is no name of an alias.", where="--alias", hint="Write letters and digits."
        )
    registry = open_registry(inputs.registry)
    files = find_models(Path(options.folder), options.pattern, options.order)
    context = current().context()
    author = Author(f"mlops-actions {__version__}, import", context.actor, context.run_url)
    added = 0
    for number, path in enumerate(files, start=1):
        made = register(registry, inputs.name, options.alias, path, author)
        added += made
        ci.say(f"{number}/{len(files)} {path}: {'registered' if made else 'there already'}")
    return Outcome(0, {"found": str(len(files)), "registered": str(added)})


def find_models(folder: Path, pattern: str, order: str) -> list[Path]:
    """The files to register, oldest first. Raises InputError where there are none."""
    if not folder.is_dir():
        raise InputError(f"{str(folder)!r} is no folder.", hint="Name the folder that the models lie in.")
    files = [path for path in folder.glob(pattern) if path.is_file() and not path.name.startswith(".")]
    if not files:
        raise InputError(f"no file in {str(folder)!r} matches {pattern!r}.", hint="Check --pattern.")
    if order == "time":
        return sorted(files, key=lambda path: (path.stat().st_mtime_ns, path.name))
    return sorted(files, key=lambda path: _natural(path.name))


def register(registry: Registry, name: str, alias: str, path: Path, author: Author) -> bool:
    """Register one model by letting the alias name it; False where it is registered already.

    Raises OutsideError where others change the log at the same time without end.
    """
    with registry.receive(path) as received:
        if registry.version(name, received.sha256):
            return False
        blob = received.keep()
    for _attempt in range(_ATTEMPTS):
        if registry.point(registry.head(name), alias, blob, "promote", author):
            return True
    raise OutsideError(f"the log of {name!r} moved on {_ATTEMPTS} times meanwhile.", hint="Run it again.")


def _natural(name: str) -> list[tuple[int, int | str]]:
    """A key by which 2 comes before 10."""
    return [(0, int(part)) if part.isdigit() else (1, part) for part in re.split(r"(\d+)", name) if part]
