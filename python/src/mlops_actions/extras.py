"""Libraries that only some actions and locations need: each stands in an optional extra, and is imported late."""

from __future__ import annotations

import re
from importlib import import_module
from importlib.metadata import requires
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


def explained(error: ModuleNotFoundError) -> InputError | None:
    """What to install where a library of the extra `data` is missing, which is imported throughout; else None."""
    root = (error.name or "").partition(".")[0].replace("_", "-")
    of_data = [line for line in requires("mlops-actions") or () if re.search(r"""extra == ['"]data['"]""", line)]
    if not root or not any(re.match(rf"{re.escape(root)}(?![A-Za-z0-9])", line) for line in of_data):
        return None
    return InputError(
        f"reading data needs mlops-actions[data], which is not installed here ({root} is missing).",
        hint="Install it: pip install 'mlops-actions[data]', or the checkout as '.[data]'.",
    )
