"""joblib and pickle files; joblib reads both."""

from __future__ import annotations

from typing import Any


def load(path: str) -> Any:
    """The model in the file; its code runs."""
    import joblib

    return joblib.load(path)
