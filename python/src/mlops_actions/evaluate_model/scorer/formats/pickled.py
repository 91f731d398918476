"""Files of joblib, pickle and cloudpickle; joblib reads them all."""

from __future__ import annotations

from typing import Any


def load(request: dict[str, Any]) -> Any:
    """The model in the file; its code runs."""
    import joblib

    return joblib.load(request["model"])
