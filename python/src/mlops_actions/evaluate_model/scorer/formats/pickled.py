"""Files of joblib, pickle and cloudpickle; joblib reads them all."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from protocol import ProblemError


def load(request: dict[str, Any]) -> Any:
    """The model in the file; its code runs. Raises ProblemError where another minor version of Python made it."""
    import joblib

    trained, found = request["python"], ".".join(map(str, sys.version_info[:3]))
    # Functions of cloudpickle are bytecode: another Python crashes on it, or worse, does not.
    if trained and trained.split(".")[:2] != found.split(".")[:2] and by_value(request["model"]):
        raise ProblemError("python-skew", "", trained=trained, found=found)
    return joblib.load(request["model"])


def by_value(path: str) -> bool:
    """Whether a pickle holds functions or classes themselves, and not only their names."""
    import mmap

    with Path(path).open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(b"cloudpickle.cloudpickle") >= 0
