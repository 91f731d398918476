"""Model formats: one module each, with `load(request)`. The parent says which (its `model_format.py` lists them)."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any


def load(request: dict[str, Any]) -> Any:
    """The model that is asked for, with the interface of scikit-learn: `predict`, `predict_proba`, `classes_`."""
    if request["code"]:
        sys.path.insert(0, str(Path(request["code"]).resolve()))
    return importlib.import_module("formats." + request["format"]).load(request)
