"""Model formats: one module each, with `load(request)`. The parent says which (its `model_format.py` lists them)."""

from __future__ import annotations

import importlib
from typing import Any


def load(request: dict[str, Any]) -> Any:
    """The model that is asked for, with the interface of scikit-learn: `predict`, `predict_proba`, `classes_`."""
    return importlib.import_module("formats." + request["format"]).load(request)
