"""The environment that a model is scored in: a Python of the user's, or one that uv makes from its requirements.

Made outside the sandbox, where the network is, from wheels only: building a package would run its code here.
"""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from pathlib import Path

import mlops_actions
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evaluate_model.sandbox import Interpreter, find_interpreter
from mlops_actions.evidence.evaluation import Environment
from mlops_actions.yaml_source import read_yaml

log = logging.getLogger(__name__)

_PACKAGE = Path(mlops_actions.__file__).parent
_PLACES = (_PACKAGE.parents[1] / "requirements/model.py", _PACKAGE / "requirements/model.py")
"""Of what makes environments: in a checkout, and where the wheel is installed."""
_WRONG_INPUT = 2
_VERSION = re.compile(r"3\.\d+(\.\d+)?")
_KINDS = "requirements.txt, pylock.toml, uv.lock, pyproject.toml, or a folder with one of them"


def find_environment(environment: str | None, python: str, source: str = "python") -> Interpreter:
    """The interpreter that scores a model: `python` itself, or one of an environment made from requirements."""
    if environment is None:
        if _VERSION.fullmatch(python):
            python = f"python{python}"
        return find_interpreter(python, source)
    return make_environment(Path(environment), python)


def make_environment(requirements: Path, python: str = "python3", source: str = "environment") -> Interpreter:
    """The interpreter of an environment that holds what a requirements or lock file names, kept by its digest.

    `requirements` may be a folder, such as an MLflow model, whose `python_env.yaml` then says the Python unless
    `python` is something other than the default; `python` is a version, which uv finds or downloads, or an interpreter.
    Raises InputError where the file is missing or cannot be satisfied by wheels, OutsideError where the network or the
    index fails. `source` is the input that messages name.
    """
    file = _requirements_file(requirements, source)
    python = _python(requirements, python)
    base = python if _VERSION.fullmatch(python) else find_interpreter(python, "python").executable
    maker = next(place for place in _PLACES if place.is_file())
    log.info("Environment of %s with Python %s.", file, python)
    done = subprocess.run(
        [sys.executable, "-E", "-s", str(maker), str(file), "--python", base],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        kind = InputError if done.returncode == _WRONG_INPUT else OutsideError
        raise kind(f"no environment could be made from {str(file)!r}: {done.stderr.strip()}", where=source)
    return find_interpreter(done.stdout.strip(), source)


def environment_record(interpreter: Interpreter) -> Environment:
    """What the statement says about where a model was scored; asked of the interpreter before any model ran."""
    return Environment(python=interpreter.version, platform=interpreter.platform, packages=dict(interpreter.packages))


def _requirements_file(given: Path, source: str) -> Path:
    names = ("uv.lock", "pylock.toml", "requirements.txt", "pyproject.toml")
    if given.is_dir():
        for name in names:
            if (given / name).is_file():
                return given / name
        raise InputError(f"the folder {str(given)!r} holds no requirements.", where=source, hint=f"Give a {_KINDS}.")
    if not given.is_file():
        raise InputError(f"there is no file {str(given)!r}.", where=source, hint=f"Give a {_KINDS}.")
    if given.name in names or given.suffix == ".txt" or re.fullmatch(r"pylock\.[^.]+\.toml", given.name):
        return given
    raise InputError(f"{str(given)!r} is no requirements file that uv reads.", where=source, hint=f"Give a {_KINDS}.")


def _python(requirements: Path, python: str) -> str:
    """The Python that an MLflow model folder asks for, unless the user does."""
    described = requirements / "python_env.yaml"
    if python != "python3" or not described.is_file():
        return python
    found = read_yaml(described, "Python environment").data
    version = str(found.get("python", "")) if isinstance(found, dict) else ""
    return version if _VERSION.fullmatch(version) else python
