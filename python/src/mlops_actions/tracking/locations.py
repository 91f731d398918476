"""A tracker's location, such as `mlflow+https://host`, and what opens it."""

from __future__ import annotations

import re
from importlib import import_module

from mlops_actions.errors import InputError, nearest
from mlops_actions.tracking.interface import Tracker

_OPENERS = {
    **dict.fromkeys(("mlflow+http", "mlflow+https"), "mlops_actions.tracking.mlflow"),
    "wandb": "mlops_actions.tracking.wandb",
}
"""Scheme → module whose `open_tracker(location)` returns the Tracker; imported when it is asked for."""


def open_tracker(location: str) -> Tracker:
    """The tracker at a location; nothing is asked or written yet. InputError for one that names no known kind."""
    match = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", location)
    scheme = match[1].lower() if match else location
    if scheme not in _OPENERS:
        raise InputError(
            f"the input 'track' is {location!r}, which names no known kind of tracker.",
            hint=f"{nearest(scheme, _OPENERS)} Write mlflow+https://host or wandb:ENTITY/PROJECT.",
        )
    tracker: Tracker = import_module(_OPENERS[scheme]).open_tracker(location)
    return tracker
