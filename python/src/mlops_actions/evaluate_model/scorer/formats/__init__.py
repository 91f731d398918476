"""Model formats: one module each, with `load(path)`. A new format is a new file and a line in this table."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import protocol

MODULES = {".joblib": "joblib_file", ".pkl": "joblib_file", ".pickle": "joblib_file"}
"""File suffix → module."""


def loader(path: str) -> Callable[[str], Any]:
    """The function that loads a file of this suffix."""
    suffix = Path(path).suffix.lower()
    if suffix not in MODULES:
        raise protocol.ProblemError("format-unknown", suffix, known=sorted(MODULES))
    found: Callable[[str], Any] = importlib.import_module("formats." + MODULES[suffix]).load
    return found
