"""A registry's location, such as `file:registry` or `s3://bucket/prefix`, and what opens it."""

from __future__ import annotations

import re
from importlib import import_module

from mlops_actions.errors import InputError, nearest
from mlops_actions.registries.interface import Registry

_OPENERS = {
    **dict.fromkeys(("file", "s3", "gs", "az"), "mlops_actions.registries.object_store"),
    **dict.fromkeys(("mlflow+http", "mlflow+https"), "mlops_actions.registries.mlflow"),
    "azureml": "mlops_actions.registries.azureml",
    "hf": "mlops_actions.registries.huggingface",
    "sagemaker": "mlops_actions.registries.sagemaker",
    "wandb": "mlops_actions.registries.wandb",
}
"""Scheme → module whose `open_registry(location)` returns the Registry; imported when it is asked for."""

_NO_HOST = ("file", "azureml", "hf", "sagemaker", "wandb")
"""Schemes that two slashes and a host or bucket do not follow; what stands behind them is read where it is opened."""


def open_registry(location: str) -> Registry:
    """The registry at a location; nothing is read or made yet.

    Raises InputError for a location that names no known kind of registry.
    """
    module = import_module(_OPENERS[scheme_of(location)])
    registry: Registry = module.open_registry(location)
    return registry


def scheme_of(location: str) -> str:
    """The location's scheme; a plain path is a `file`.

    >>> scheme_of("s3://bucket/models"), scheme_of("file:registry"), scheme_of("../registry")
    ('s3', 'file', 'file')
    """
    if not location.strip():
        raise InputError("the registry's location is empty.", hint="Write file:folder or s3://bucket/folder.")
    match = re.match(r"([A-Za-z][A-Za-z0-9+.-]+):(//)?", location)
    if not match:
        return "file"
    scheme = match[1].lower()
    if scheme not in _OPENERS:
        raise InputError(
            f"the registry {location!r} is of an unknown kind {scheme!r}.",
            hint=f"{nearest(scheme, _OPENERS)} A folder is written file:folder.".lstrip(),
        )
    if scheme not in _NO_HOST and (match[2] is None or len(location) == match.end()):
        what, example = ("host", "host") if scheme.startswith("mlflow+") else ("bucket", "bucket/folder")
        raise InputError(f"the registry {location!r} names no {what}.", hint=f"Write {scheme}://{example}.")
    if re.match(r"file://(?!localhost/|/)", location, re.IGNORECASE):
        raise InputError(
            f"the registry {location!r} names another computer.", hint="Write file:folder or file:///folder."
        )
    return scheme
