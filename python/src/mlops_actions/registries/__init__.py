"""Where models, their aliases and their evidence live."""

from mlops_actions.registries.interface import (
    AliasMissingError,
    Author,
    Blob,
    Change,
    Head,
    Received,
    Registry,
    Version,
)
from mlops_actions.registries.locations import open_registry
from mlops_actions.registries.reference import Model, is_reference, resolve

__all__ = [
    "AliasMissingError",
    "Author",
    "Blob",
    "Change",
    "Head",
    "Model",
    "Received",
    "Registry",
    "Version",
    "is_reference",
    "open_registry",
    "resolve",
]
