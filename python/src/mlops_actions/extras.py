"""Libraries that only some locations need: each stands in an optional extra of the package, and is imported late."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from mlops_actions.errors import InputError


def require(module: str, extra: str, what: str, *, where: str | None = None) -> ModuleType:
    """The module; InputError, which names the extra that `what` needs, where it is not installed."""
    try:
        return import_module(module)
    except ModuleNotFoundError:
        raise InputError(
            f"{what} needs mlops-actions[{extra}], which is not installed here.",
            where=where,
            hint=f"Install it: pip install 'mlops-actions[{extra}]'.",
        ) from None
