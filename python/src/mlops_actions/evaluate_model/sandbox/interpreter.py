"""The user's Python interpreter: what really runs behind `python3` on PATH."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mlops_actions.errors import InputError

OLDEST = (3, 9)

_PACKAGES = (
    "catboost", "cloudpickle", "joblib", "lightgbm", "mlflow", "numpy", "onnxruntime", "pandas", "polars", "pyarrow",
    "scikit-learn", "scipy", "skops", "tensorflow", "torch", "xgboost",
)  # fmt: skip
"""Those whose version can change what a model predicts, or whether it loads."""
_QUESTION = f"""
import json, platform, sys
from importlib import metadata
packages = {{}}
for name in {_PACKAGES!r}:
    try:
        packages[name] = metadata.version(name)
    except metadata.PackageNotFoundError:
        pass
print(json.dumps({{
    "executable": sys.executable, "prefixes": [sys.prefix, sys.base_prefix], "version": sys.version_info[:3],
    "search_path": sys.path, "platform": platform.platform(), "packages": packages,
}}))
"""


@dataclass(frozen=True)
class Interpreter:
    """A Python that a model is scored with."""

    given: str
    """As the user wrote it."""
    source: str
    """The input that named it."""
    executable: str
    """Absolute path of the program itself, never of a shim, which would not work without its environment."""
    prefixes: tuple[str, ...]
    """Folders that it and its packages live in."""
    version: str
    """Such as 3.11.7."""
    search_path: tuple[str, ...] = ()
    """Where it imports from, folders of editable installs included."""
    platform: str = ""
    """System and machine, such as Linux-6.8.0-x86_64-with-glibc2.39."""
    packages: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Version of each installed package that can change what a model predicts."""


def find_interpreter(given: str, source: str) -> Interpreter:
    """Ask an interpreter where it lives. Raises InputError when it is missing, broken or too old."""
    path = shutil.which(given)
    if path is None:
        raise InputError(
            f"the interpreter {given!r} does not exist or is not executable.",
            where=source,
            hint=f"Give {source} the path of the Python that the model was trained with.",
        )
    try:
        answer = subprocess.run(
            [path, "-I", "-c", _QUESTION],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
            stdin=subprocess.DEVNULL,
        )
        told = json.loads(answer.stdout)
        # Without `..`, which would lead elsewhere in the sandbox; links stay, or a virtual environment would be left.
        executable, prefix, base = map(os.path.abspath, [told["executable"], *told["prefixes"]])
        version = tuple(told["version"])
    except (OSError, subprocess.SubprocessError, ValueError):
        raise InputError(f"{given!r} is not a Python interpreter that runs.", where=source) from None
    shown = ".".join(map(str, version))
    if version < OLDEST:
        raise InputError(f"{given!r} is Python {shown}; models are scored with Python 3.9 or newer.", where=source)
    real = str(Path(executable).resolve().parent.parent)
    prefixes = tuple(dict.fromkeys((prefix, base, real)))
    return Interpreter(
        given, source, executable, prefixes, shown, tuple(told["search_path"]), told["platform"], told["packages"]
    )
